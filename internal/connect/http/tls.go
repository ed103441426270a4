package http

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// serverTLS returns what the source speaks TLS with.
func serverTLS(c *SourceConfig) (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("tls_cert and tls_key: %w", err)
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}}
	if c.ClientCA == "" {
		return conf, nil
	}
	if conf.ClientCAs, err = readCA(c.ClientCA); err != nil {
		return nil, fmt.Errorf("client_ca: %w", err)
	}
	conf.ClientAuth = tls.RequireAndVerifyClientCert
	return conf, nil
}

// clientTLS returns what the sink speaks TLS with.
func clientTLS(c *SinkConfig) (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA != "" {
		var err error
		if conf.RootCAs, err = readCA(c.CA); err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
	}
	if c.TLSCert != "" {
		cert, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			return nil, fmt.Errorf("tls_cert and tls_key: %w", err)
		}
		conf.Certificates = []tls.Certificate{cert}
	}
	return conf, nil
}

func readCA(path string) (*x509.CertPool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", path)
	}
	return pool, nil
}
