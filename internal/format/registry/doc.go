// Package registry is the explicit list of Wire's formats. It is the one place to add one.
package registry
