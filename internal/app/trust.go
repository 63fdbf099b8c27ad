package app

import (
	"crypto/x509"
	"os"

	"spindle/internal/fault"
)

// trusted gives the certificates of a PEM file together with those that the system trusts; nil, which is the system's, without a file.
func trusted(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.Invalidf("%w", err).WithField("ca-file").Do("name a readable file of certificates in PEM")
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a machine without any
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, fault.Invalidf("%s holds no certificate", file).WithField("ca-file").Do("name a file with -----BEGIN CERTIFICATE----- in it")
	}
	return pool, nil
}
