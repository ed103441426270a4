// Package window is the library of window functions.
package window
