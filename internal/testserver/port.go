package testserver

import "net"

// freePort returns a TCP port of 127.0.0.1 that nothing listened on a moment ago. Another process may take it before the caller does:
// callers retry with a new one.
func freePort() (int, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}
