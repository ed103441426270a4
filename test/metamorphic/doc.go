// Package metamorphic runs random pipelines in ways that must agree: as they are planned and as they are optimized, straight and stopped and resumed.
package metamorphic
