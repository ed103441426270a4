package http

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"wire.example/wire/sdk/connector"
)

// SourceConfig are the options of the HTTP source.
type SourceConfig struct {
	Address     string          `option:"address" doc:"Host and port to listen on; an empty host means every interface, port 0 any free port." default:"127.0.0.1:8080"`
	Path        string          `option:"path" doc:"The one path that takes rows." default:"/"`
	Acknowledge string          `option:"acknowledge" doc:"When to answer: delivered (200, every sink has the rows) or accepted (202, the rows are in memory and lost in a crash)." enum:"delivered,accepted" default:"delivered" tuning:"true"`
	Token       string          `option:"token" doc:"Bearer token that requests must carry." secret:"true"`
	TLSCert     string          `option:"tls_cert" doc:"File with the server's certificate chain in PEM; with it the source speaks HTTPS." tuning:"true"`
	TLSKey      string          `option:"tls_key" doc:"File with the certificate's key in PEM." tuning:"true"`
	ClientCA    string          `option:"client_ca" doc:"File with certificates in PEM; a client must show one that they signed." tuning:"true"`
	MaxBody     connector.Bytes `option:"max_body" doc:"Size of a body, after decompression." default:"16MB" tuning:"true"`
	MaxPending  connector.Bytes `option:"max_pending" doc:"Bytes of bodies that may wait for their answer; beyond it requests get 429." default:"64MB" tuning:"true"`
	MaxRequests int64           `option:"max_requests" doc:"Requests that may wait for their answer; beyond it they get 429." default:"10000" tuning:"true"`
	ReadHeader  time.Duration   `option:"read_header_timeout" doc:"Time a client has to send a request's headers." default:"5s" tuning:"true"`
	ReadBody    time.Duration   `option:"read_timeout" doc:"Time a client has to send a request's body." default:"30s" tuning:"true"`
	Idle        time.Duration   `option:"idle_timeout" doc:"Time that a connection may stay open between requests." default:"2m" tuning:"true"`
}

// Validate checks what the tags cannot.
func (c *SourceConfig) Validate() error {
	if _, _, err := net.SplitHostPort(c.Address); err != nil {
		return &connector.OptionError{Name: "address", Message: fmt.Sprintf("address must be host:port such as 127.0.0.1:8080, not %q", c.Address)}
	}
	if !strings.HasPrefix(c.Path, "/") || strings.ContainsAny(c.Path, "?#") {
		return &connector.OptionError{Name: "path", Message: fmt.Sprintf("path must begin with / and have no query, unlike %q", c.Path)}
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return &connector.OptionError{Name: "tls_cert", Message: "tls_cert and tls_key go together"}
	}
	if c.ClientCA != "" && c.TLSCert == "" {
		return &connector.OptionError{Name: "client_ca", Message: "client_ca needs tls_cert and tls_key"}
	}
	if c.MaxBody < 1 || c.MaxBody > maxBodyLimit {
		return &connector.OptionError{Name: "max_body", Message: "max_body must be between 1 byte and 1GB"}
	}
	if c.MaxPending < 2*c.MaxBody {
		return &connector.OptionError{Name: "max_pending", Message: "max_pending must be at least twice max_body, for a compressed body and what it holds"}
	}
	if c.MaxRequests < 1 {
		return &connector.OptionError{Name: "max_requests", Message: "max_requests must be at least 1"}
	}
	return positive(map[string]time.Duration{"read_header_timeout": c.ReadHeader, "read_timeout": c.ReadBody, "idle_timeout": c.Idle})
}

// maxBodyLimit keeps a block below what decoders can address.
const maxBodyLimit = 1 << 30

func positive(options map[string]time.Duration) error {
	for name, d := range options {
		if d <= 0 {
			return &connector.OptionError{Name: name, Message: name + " must be above zero"}
		}
	}
	return nil
}

// SinkConfig are the options of the HTTP sink.
type SinkConfig struct {
	URL         string            `option:"url" doc:"Where to send the rows." required:"true"`
	Method      string            `option:"method" doc:"The method of the requests." enum:"POST,PUT,PATCH" default:"POST"`
	Headers     map[string]string `option:"headers" doc:"Headers to send along." secret:"true"`
	Token       string            `option:"token" doc:"Bearer token to send along." secret:"true"`
	Body        string            `option:"body" doc:"How rows stand in a body: as the format writes them (lines), or as the elements of one JSON array (array)." enum:"lines,array" default:"lines"`
	BatchRows   int64             `option:"batch_rows" doc:"Rows that a request has at most." default:"1000" tuning:"true"`
	BatchBytes  connector.Bytes   `option:"batch_bytes" doc:"Size that a body has at most, before compression; a longer row goes alone." default:"1MB" tuning:"true"`
	Compression string            `option:"compression" doc:"How to compress bodies." enum:"none,gzip" default:"none" tuning:"true"`
	Concurrency int64             `option:"concurrency" doc:"Requests under way at once; more than one gives up the order of rows." default:"1" tuning:"true"`
	Timeout     time.Duration     `option:"timeout" doc:"Time that the target has to answer a request." default:"30s" tuning:"true"`
	RetryFor    time.Duration     `option:"retry_for" doc:"How long to repeat a request that fails before the pipeline ends; 0 means for ever." default:"0s" tuning:"true"`
	CA          string            `option:"ca" doc:"File with certificates in PEM that the target's must be signed by; default: those of the system." tuning:"true"`
	TLSCert     string            `option:"tls_cert" doc:"File with a client certificate in PEM to show to the target." tuning:"true"`
	TLSKey      string            `option:"tls_key" doc:"File with the client certificate's key in PEM." tuning:"true"`
	Proxy       string            `option:"proxy" doc:"URL of a proxy; environment takes HTTP_PROXY, HTTPS_PROXY and NO_PROXY; default: none." tuning:"true"`
}

// Validate checks what the tags cannot.
func (c *SinkConfig) Validate() error {
	if u, err := url.Parse(c.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return &connector.OptionError{Name: "url", Message: "url must begin with http:// or https:// and name a host"}
	}
	if c.Proxy != "" && c.Proxy != proxyFromEnvironment {
		if u, err := url.Parse(c.Proxy); err != nil || u.Host == "" {
			return &connector.OptionError{Name: "proxy", Message: "proxy must be a URL such as http://proxy:3128, or environment"}
		}
	}
	if c.BatchRows < 1 || c.BatchRows > maxBatchRows {
		return &connector.OptionError{Name: "batch_rows", Message: "batch_rows must be between 1 and 1000000"}
	}
	if c.BatchBytes < 1 || c.BatchBytes > maxBodyLimit {
		return &connector.OptionError{Name: "batch_bytes", Message: "batch_bytes must be between 1 byte and 1GB"}
	}
	if c.Concurrency < 1 || c.Concurrency > maxConcurrency {
		return &connector.OptionError{Name: "concurrency", Message: "concurrency must be between 1 and 256"}
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return &connector.OptionError{Name: "tls_cert", Message: "tls_cert and tls_key go together"}
	}
	for name, value := range c.Headers {
		if err := c.checkHeader(name, value); err != nil {
			return err
		}
	}
	return positive(map[string]time.Duration{"timeout": c.Timeout})
}

// checkHeader never shows the value, which is secret.
func (c *SinkConfig) checkHeader(name, value string) error {
	wrong := func(what string) error {
		return &connector.OptionError{Name: "headers", Message: fmt.Sprintf("header %q %s", name, what)}
	}
	lower := strings.ToLower(name)
	switch {
	case reserved[lower]:
		return wrong("is set by Wire itself")
	case lower == "authorization" && c.Token != "":
		return wrong("is what token sets; leave one of them out")
	case name == "" || strings.ContainsFunc(name, notToken):
		return wrong("is no header name")
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		return wrong("has a control character in its value")
	}
	return nil
}

// notToken reports whether r may not be in a header's name (RFC 9110, 5.6.2).
func notToken(r rune) bool {
	isToken := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	return !isToken
}

const (
	proxyFromEnvironment = "environment"
	maxBatchRows         = 1_000_000
	maxConcurrency       = 256
)

// reserved are the headers that frame a body or name it; users cannot set them.
//
//nolint:gochecknoglobals // immutable table
var reserved = map[string]bool{
	"content-length": true, "transfer-encoding": true, "content-encoding": true, "connection": true, "host": true, "idempotency-key": true,
}
