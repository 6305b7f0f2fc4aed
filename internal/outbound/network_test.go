package outbound_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"signoff/internal/outbound"
)

// internet is a name server and one machine that answers, with a valid certificate, for every name and address there is.
// Its ledger says who was called with what.
type internet struct {
	server *httptest.Server
	roots  *x509.CertPool

	mu     sync.Mutex
	names  map[string][]string // answers of the name server, in turn; the last one stays
	dialed []string
	ledger []*http.Request
}

func newInternet(t *testing.T, certified []string, h http.HandlerFunc) *internet {
	t.Helper()
	n := &internet{names: map[string][]string{}, roots: x509.NewCertPool()}
	n.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.mu.Lock()
		n.ledger = append(n.ledger, r.Clone(context.Background()))
		n.mu.Unlock()
		h(w, r)
	}))
	cert := certificate(t, certified)
	n.roots.AddCert(cert.Leaf)
	n.server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	n.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	n.server.StartTLS()
	t.Cleanup(n.server.Close)
	return n
}

func certificate(t *testing.T, hosts []string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: hosts, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// lookup answers for every name: as told, else with a public address.
func (n *internet) lookup(_ context.Context, host string) ([]netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := n.names[host]
	if len(list) == 0 {
		return []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil
	}
	if len(list) > 1 {
		n.names[host] = list[1:]
	}
	return []netip.Addr{netip.MustParseAddr(list[0])}, nil
}

func (n *internet) connect(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	n.dialed = append(n.dialed, address)
	n.mu.Unlock()
	return (&net.Dialer{}).DialContext(ctx, network, n.server.Listener.Addr().String())
}

func (n *internet) options(bases, hosts []string) outbound.Options {
	return outbound.Through(outbound.Options{Allow: bases, Hosts: hosts, Roots: n.roots, Lookup: n.lookup}, n.connect)
}

func (n *internet) calls() []*http.Request {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]*http.Request(nil), n.ledger...)
}
