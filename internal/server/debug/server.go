package debug

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// headerTimeout bounds how long a client may take to send a request's header, idleTimeout how long a connection may do nothing.
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	// grace is how long Close waits for requests under way: a scrape takes less, a profile may be cut off.
	grace = time.Second
)

// Server serves a handler at one address.
type Server struct {
	http   *http.Server
	addr   net.Addr
	done   chan struct{}
	once   sync.Once
	served error // set before done is closed
	closed error
}

// Start listens at addr, "host:port" (port 0: any that is free; no host: all interfaces), and serves h until Close. ctx bounds only the
// opening. The error names the address.
func Start(ctx context.Context, addr string, h http.Handler) (*Server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("--listen %s: %w", addr, err)
	}
	s := &Server{
		http: &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout},
		addr: listener.Addr(), done: make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.served = err
		}
	}()
	return s, nil
}

// Addr returns the address that is served, with its port.
func (s *Server) Addr() string { return s.addr.String() }

// Close stops listening, gives requests under way a second, and ends. It may be called twice.
func (s *Server) Close() error {
	s.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		if err := s.http.Shutdown(ctx); err != nil {
			s.closed = s.http.Close()
		}
		<-s.done
		s.closed = errors.Join(s.served, s.closed)
	})
	return s.closed
}
