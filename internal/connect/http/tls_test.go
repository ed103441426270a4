package http

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/sdk/connector"
)

// authority signs certificates for 127.0.0.1 and writes them to files.
type authority struct {
	t    testing.TB
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.cert, a.key = a.sign("ca", nil, nil)
	return a
}

// path is the file of name's certificate; that of its key ends in .key.
func (a *authority) path(name string) string { return filepath.Join(a.dir, name+".pem") }

func (a *authority) sign(name string, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	now := clock.System().Now()
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true, IsCA: parent == nil,
	}
	if parent == nil {
		parent, parentKey = cert, key
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, &key.PublicKey, parentKey)
	if err != nil {
		a.t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	a.put(a.path(name), "CERTIFICATE", der)
	a.put(a.path(name)+".key", "EC PRIVATE KEY", private)
	if cert, err = x509.ParseCertificate(der); err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

func (a *authority) put(path, kind string, der []byte) {
	a.t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// pair makes a certificate called name.
func (a *authority) pair(name string) tls.Certificate {
	a.t.Helper()
	a.sign(name, a.cert, a.key)
	pair, err := tls.LoadX509KeyPair(a.path(name), a.path(name)+".key")
	if err != nil {
		a.t.Fatal(err)
	}
	return pair
}

// client returns a client that trusts the authority and shows certs.
func (a *authority) client(certs ...tls.Certificate) *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	conf := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool, Certificates: certs}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: conf, ForceAttemptHTTP2: true}}
}

func TestTheSourceSpeaksTLS(t *testing.T) {
	a := newAuthority(t)
	a.pair("server")
	s := serve(t, map[string]any{"tls_cert": a.path("server"), "tls_key": a.path("server") + ".key"})
	s.client = a.client()
	s.run(nil)
	if r := s.post("{}"); r.status != 200 || !strings.HasPrefix(s.url, "https://") {
		t.Errorf("%d %s", r.status, r.body)
	}
	s.client.CloseIdleConnections()
}

func TestTheSourceAsksForCertificates(t *testing.T) {
	a := newAuthority(t)
	a.pair("server")
	s := serve(t, map[string]any{"tls_cert": a.path("server"), "tls_key": a.path("server") + ".key", "client_ca": a.path("ca")})
	s.run(nil)
	s.client = a.client(a.pair("client"))
	if r := s.post("{}"); r.status != 200 {
		t.Errorf("%d %s", r.status, r.body)
	}
	s.client.CloseIdleConnections()
	for name, stranger := range map[string]*http.Client{"none": a.client(), "another authority's": a.client(newAuthority(t).pair("client"))} {
		resp, err := stranger.Post(s.url, jsonLines, strings.NewReader("{}"))
		if err == nil {
			resp.Body.Close()
			t.Errorf("certificate %s: %d", name, resp.StatusCode)
		}
		stranger.CloseIdleConnections()
	}
}

func TestFilesThatHoldNoCertificate(t *testing.T) {
	a := newAuthority(t)
	a.pair("server")
	empty := filepath.Join(a.dir, "empty.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{empty: "holds no certificate", empty + ".absent": "no such file"} {
		conf := &SourceConfig{TLSCert: a.path("server"), TLSKey: a.path("server") + ".key", ClientCA: file}
		if _, err := serverTLS(conf); err == nil || !strings.Contains(err.Error(), "client_ca: ") || !strings.Contains(err.Error(), want) {
			t.Error(err)
		}
		if _, err := clientTLS(&SinkConfig{CA: file}); err == nil || !strings.Contains(err.Error(), "ca: ") || !strings.Contains(err.Error(), want) {
			t.Error(err)
		}
		if _, err := clientTLS(&SinkConfig{TLSCert: file, TLSKey: file}); err == nil || !strings.Contains(err.Error(), "tls_cert and tls_key: ") {
			t.Error(err)
		}
	}
}

func TestTheSinkSpeaksTLS(t *testing.T) {
	a := newAuthority(t)
	server := a.pair("server")
	a.pair("client")
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	target := newTarget(t, nil)
	secure := target.startTLS(&tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{server}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert})
	trusted := map[string]any{"url": secure, "ca": a.path("ca"), "tls_cert": a.path("client"), "tls_key": a.path("client") + ".key"}
	s := openTo(t, trusted)
	s.write("a", "b")
	s.flush()
	if got := target.rows(); len(got) != 2 {
		t.Errorf("%q", got)
	}
	// Without the authority the target is a stranger, for ever.
	s = openTo(t, map[string]any{"url": secure})
	s.write("c")
	if err := s.sink.Flush(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate signed by unknown authority") {
		t.Error(err)
	}
}

func TestConfigsThatCannotBe(t *testing.T) {
	source := map[string]map[string]any{
		"address must be host:port such as 127.0.0.1:8080, not \"8080\"":          {"address": "8080"},
		"path must begin with / and have no query, unlike \"rows\"":               {"path": "rows"},
		"path must begin with / and have no query, unlike \"/r?x=1\"":             {"path": "/r?x=1"},
		"tls_cert and tls_key go together":                                        {"tls_cert": "x"},
		"client_ca needs tls_cert and tls_key":                                    {"client_ca": "x"},
		"max_body must be between 1 byte and 1GB":                                 {"max_body": "2GB", "max_pending": "4GB"},
		"max_pending must be at least twice max_body":                             {"max_body": "1MB", "max_pending": "1MB"},
		"max_requests must be at least 1":                                         {"max_requests": 0},
		"read_timeout must be above zero":                                         {"read_timeout": "0s"},
		"option \"acknowledge\" cannot be \"deliverd\"; did you mean \"delivered": {"acknowledge": "deliverd"},
	}
	for want, options := range source {
		checkMistake(t, &SourceConfig{}, options, want)
	}
	sink := map[string]map[string]any{
		"url must begin with http:// or https:// and name a host": {"url": "ftp://x"},
		"url must begin with":                                 {"url": "https:///x"},
		"proxy must be a URL":                                 {"proxy": "here"},
		"batch_rows must be between":                          {"batch_rows": 0},
		"batch_bytes must be between":                         {"batch_bytes": "2GB"},
		"concurrency must be between":                         {"concurrency": 300},
		"tls_cert and tls_key go together":                    {"tls_key": "x"},
		"timeout must be above zero":                          {"timeout": "0s"},
		`header "Content-Length" is set by Wire itself`:       {"headers": map[string]any{"Content-Length": "1"}},
		`header "Authorization" is what token sets`:           {"token": "t", "headers": map[string]any{"Authorization": "x"}},
		`header "a b" is no header name`:                      {"headers": map[string]any{"a b": "x"}},
		`header "X-Key" has a control character in its value`: {"headers": map[string]any{"X-Key": "hush\r\nX: y"}},
	}
	for want, options := range sink {
		if options["url"] == nil {
			options["url"] = "http://127.0.0.1:1"
		}
		checkMistake(t, &SinkConfig{}, options, want)
	}
}

func checkMistake(t *testing.T, config any, options map[string]any, want string) {
	t.Helper()
	mistakes := connector.Apply(config, options)
	if len(mistakes) != 1 || !strings.Contains(mistakes[0].Message, want) || strings.Contains(mistakes[0].Message, "hush") {
		t.Errorf("%v: %v", options, mistakes)
	}
}
