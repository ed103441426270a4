package http

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// maxHeaderBytes bounds a request's headers.
const maxHeaderBytes = 64 << 10

// writeTimeout is how long a client may take to receive its answer.
const writeTimeout = 10 * time.Second

// listen starts the server.
func (s *source) listen(ctx context.Context) error {
	var secure *tls.Config
	if s.config.TLSCert != "" {
		var err error
		if secure, err = serverTLS(s.config); err != nil {
			return err
		}
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.config.Address)
	if err != nil {
		return fmt.Errorf("address %q: %w; choose another address, or stop what listens there", s.config.Address, err)
	}
	s.listener = l
	scheme := "http"
	if secure != nil {
		scheme = "https"
	}
	s.name = scheme + "://" + l.Addr().String() + s.config.Path
	s.server = &http.Server{
		Handler: s, TLSConfig: secure, ReadHeaderTimeout: s.config.ReadHeader, IdleTimeout: s.config.Idle, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), ConnState: s.fresh.note,
	}
	go s.serve(l, secure != nil)
	s.log.Info("listening for rows", "source", s.env.Name, "url", s.name)
	if tcp, ok := l.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() && s.config.Token == "" && s.config.ClientCA == "" {
		s.log.Warn("anyone who reaches this address can send rows; set token or client_ca", "source", s.env.Name, "url", s.name)
	}
	return nil
}

func (s *source) serve(l net.Listener, secure bool) {
	defer close(s.served)
	var err error
	if secure {
		err = s.server.ServeTLS(l, "", "")
	} else {
		err = s.server.Serve(l)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		s.failed <- err
	}
}

// ServeHTTP is one request, from its headers to the answer.
func (s *source) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	q := s.newRequest()
	// Also for a body that nobody wants, which the server reads in part before it answers.
	p := s.deadline(control, s.clock.Now().Add(s.config.ReadBody))
	waits := true
	if p == nil {
		p, waits = s.take(control, r, q)
	}
	if !waits {
		return // q is still on its way
	}
	// A deadline that cannot be set belongs to a connection that is gone, as the write below will find.
	_ = control.SetWriteDeadline(s.clock.Now().Add(writeTimeout))
	var err error
	if p != nil {
		err = p.write(w)
	} else {
		err = writeTaken(w, q, s.config.Acknowledge == "accepted")
	}
	if err != nil {
		s.log.Debug("a client did not take its answer", "source", s.env.Name, "client", r.RemoteAddr, "error", err)
	}
	s.recycle(q)
}

// take brings r into the pipeline and returns once its rows are delivered, or why they are not. waits is false if the client has left before.
func (s *source) take(control *http.ResponseController, r *http.Request, q *request) (p *problem, waits bool) {
	f, p := s.admit(r)
	if p != nil {
		return p, true
	}
	if s.open.Add(1) > s.config.MaxRequests {
		s.open.Add(-1)
		return tooMany(fmt.Sprintf("%d requests (max_requests)", s.config.MaxRequests)), true
	}
	defer s.open.Add(-1)
	if p := s.receive(control, r, q, f); p != nil {
		s.release(q)
		return p, true
	}
	if len(q.body) == q.header || q.records == 0 {
		s.release(q)
		return nil, true
	}
	if !s.queue.add(q) {
		s.release(q)
		return stopping(), true
	}
	select {
	case p := <-q.answer:
		return p, true
	case <-r.Context().Done():
		s.queue.abandon(q)
		return nil, false
	}
}

// admit judges a request by its headers.
func (s *source) admit(r *http.Request) (form, *problem) {
	if s.token != nil && !s.authorized(r) {
		return 0, newProblem(http.StatusUnauthorized, "the source wants its token as Authorization: Bearer TOKEN").
			with("WWW-Authenticate", `Bearer realm="wire"`)
	}
	if r.URL.Path != s.config.Path {
		return 0, newProblem(http.StatusNotFound, fmt.Sprintf("rows go to %s", s.config.Path))
	}
	if r.Method != http.MethodPost {
		return 0, newProblem(http.StatusMethodNotAllowed, "rows are sent by POST").with("Allow", http.MethodPost)
	}
	f, ok := formOf(r.Header.Get("Content-Type"), s.env.MediaType)
	if !ok {
		return 0, newProblem(http.StatusUnsupportedMediaType, fmt.Sprintf("Content-Type %q is not one of %s in UTF-8",
			r.Header.Get("Content-Type"), accepts(s.env.MediaType))).with("Accept-Post", accepts(s.env.MediaType))
	}
	if r.ContentLength > int64(s.config.MaxBody) {
		return 0, s.tooLarge()
	}
	return f, nil
}

// deadline bounds the reading of a request; the zero time ends the bound.
func (s *source) deadline(control *http.ResponseController, t time.Time) *problem {
	if err := control.SetReadDeadline(t); err != nil {
		return newProblem(http.StatusInternalServerError, "read_timeout cannot be kept: "+err.Error())
	}
	return nil
}

// receive reads and checks the body.
func (s *source) receive(control *http.ResponseController, r *http.Request, q *request, f form) *problem {
	if p := s.read(r, q); p != nil {
		return p
	}
	// The server goes on reading, to notice a client that leaves; delivery may take longer than the body may.
	if p := s.deadline(control, time.Time{}); p != nil {
		return p
	}
	q.records, q.alone = -1, f == formRecords
	return s.frame(q, f)
}

// digest makes tokens of any length comparable in constant time; nil if there is none.
func digest(token string) []byte {
	if token == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

func (s *source) authorized(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(digest(strings.TrimSpace(token)), s.token) == 1
}

// keepBody is how much memory a request that is used again keeps.
const keepBody = 1 << 20

func (s *source) newRequest() *request {
	if q, ok := s.idle.Get().(*request); ok {
		return q
	}
	return &request{answer: make(chan *problem, 1)}
}

func (s *source) recycle(q *request) {
	if cap(q.body)+cap(q.packed) > keepBody || cap(q.lines) > keepBody/4 {
		return
	}
	q.body, q.packed, q.lines, q.records, q.header, q.alone = q.body[:0], q.packed[:0], q.lines[:0], 0, 0, false
	s.idle.Put(q)
}

// newConns are connections that have not sent a byte. The server would wait for them at its end.
type newConns struct {
	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
}

// note is called by the server when a connection changes its state.
func (n *newConns) note(c net.Conn, state http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(n.conns, c)
	case n.closed:
		_ = c.Close() // the client notices
	default:
		if n.conns == nil {
			n.conns = map[net.Conn]struct{}{}
		}
		n.conns[c] = struct{}{}
	}
}

// close closes them.
func (n *newConns) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	for c := range n.conns {
		_ = c.Close() // the client notices
	}
}
