// Package metamorphic runs random pipelines in two ways that must agree: as they are planned, and as they are optimized.
package metamorphic
