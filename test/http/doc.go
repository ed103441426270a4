// Package http holds the tests of whole pipelines between HTTP clients and HTTP targets: connectors, format and data path together, over real
// connections.
package http
