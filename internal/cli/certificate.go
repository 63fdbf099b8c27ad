package cli

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"slices"
	"time"

	"spindle/internal/fault"
)

// certificateLife is how long the certificates of a simulator are good for, by the real clock.
const certificateLife = 90 * 24 * time.Hour

// authority is a certificate authority that lives as long as the simulators: its key is kept nowhere.
type authority struct {
	file    string // with its certificate, in PEM
	created bool   // by us, in the temporary folder
	tls     *tls.Config
}

// newAuthority makes an authority and a certificate for this machine's loopback names and the hosts given. Its certificate is written to a
// file, a temporary one when no name is given.
func newAuthority(file string, hosts []string) (*authority, error) {
	ca, caKey, err := issue(&x509.Certificate{Subject: pkix.Name{CommonName: "Spindle simulator authority"}, IsCA: true, BasicConstraintsValid: true,
		MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}, nil, nil)
	if err != nil {
		return nil, err
	}
	leaf := &x509.Certificate{Subject: pkix.Name{CommonName: "Spindle simulator"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip == nil && host != "" && !slices.Contains(leaf.DNSNames, host) {
			leaf.DNSNames = append(leaf.DNSNames, host)
		} else if ip != nil && !ip.IsUnspecified() {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		}
	}
	certificate, key, err := issue(leaf, ca, caKey)
	if err != nil {
		return nil, err
	}
	a := &authority{file: file, tls: &tls.Config{MinVersion: tls.VersionTLS12,
		Certificates: []tls.Certificate{{Certificate: [][]byte{certificate.Raw, ca.Raw}, PrivateKey: key}}}}
	return a, a.write(ca.Raw)
}

// issue signs a certificate with the parent's key, or with its own when there is no parent.
func issue(template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
		return nil, nil, err
	}
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = template.NotBefore.Add(certificateLife)
	if parent == nil {
		parent, parentKey = template, key
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate: %w", err)
	}
	certificate, err := x509.ParseCertificate(raw)
	return certificate, key, err
}

func (a *authority) write(certificate []byte) error {
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	if a.file != "" {
		if err := os.WriteFile(a.file, text, 0o644); err != nil { // public
			return fault.Invalidf("%w", err).WithField("write-ca").Do("choose a file that can be written with --write-ca FILE")
		}
		return nil
	}
	f, err := os.CreateTemp("", "spindle-sim-ca-*.pem")
	if err != nil {
		return fault.Invalidf("%w", err).Do("choose a file with --write-ca FILE")
	}
	a.file, a.created = f.Name(), true
	_, err = f.Write(text)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// close removes the file, if it was ours to make.
func (a *authority) close() error {
	if a == nil || !a.created {
		return nil
	}
	return os.Remove(a.file)
}
