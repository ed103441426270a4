// Package numeric is PostgreSQL 15's NUMERIC on a 128-bit fixed-point representation.
//
// A Decimal is a two's complement coefficient (Int128, the little-endian layout of Arrow's decimal128) and a scale: the number of decimal
// digits after the point. It holds at most 38 significant digits. An exact operation whose result needs more fails with SQLSTATE 22003; where
// PostgreSQL itself chooses the result's scale (division, roots, logarithms, powers, casts from floating point) digits after the point are
// rounded away instead until the result fits. A scale beyond 38 is cut to 38 when only zeros fall away.
//
// Values are immutable and safe for concurrent use. The core operations do not allocate; the transcendental functions do. Kernels for whole
// columns work on raw Int128 slices whose scale the caller keeps; Sum is the accumulator for SUM and AVG.
package numeric
