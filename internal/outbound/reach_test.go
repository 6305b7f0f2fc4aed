package outbound_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"signoff/connectors"
	"signoff/internal/outbound"
)

// names is a resolver that knows these names only and counts how often it is asked.
type names struct {
	table map[string][]string
	asked atomic.Int64
}

func (n *names) lookup(_ context.Context, host string) ([]netip.Addr, error) {
	n.asked.Add(1)
	list, ok := n.table[host]
	if !ok {
		return nil, errors.New("no such host in this test: " + host)
	}
	var out []netip.Addr
	for _, ip := range list {
		out = append(out, netip.MustParseAddr(ip))
	}
	return out, nil
}

func get(t *testing.T, c *http.Client, url string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// TestClient_RefusesURLsOffTheList: no name is looked up and nothing is connected for any of them.
func TestClient_RefusesURLsOffTheList(t *testing.T) {
	t.Parallel()
	n := &names{}
	c := outbound.New(outbound.Options{
		Allow: listedBases(), Hosts: listedHosts(), Lookup: n.lookup,
	})
	for _, url := range offList() {
		err := get(t, c, url)
		if err == nil {
			t.Errorf("%s: got an answer, want a refusal", url)
			continue
		}
		if outbound.Lost(err) && !strings.Contains(err.Error(), "parse") && !strings.Contains(err.Error(), "invalid") && !strings.Contains(err.Error(), "no Host") {
			t.Errorf("%s: got %v, want an error that says nothing was sent", url, err)
		}
	}
	if got := n.asked.Load(); got != 0 {
		t.Errorf("the resolver was asked %d times, want 0", got)
	}
}

// TestClient_ListedHosts shows the other side: these pass the list, and are then looked up.
func TestClient_ListedHosts(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"https://slack.com/api/", "https://hooks.slack.com/actions/x", "https://a.b.slack.com/", "https://SLACK.com/", "HTTPS://slack.com/",
		"https://slack.com:443/", "https://files.vendor.example/", "https://jira.lumen.example/other", "https://jira.lumen.example:443/",
	} {
		n := &names{}
		c := outbound.New(outbound.Options{
			Allow: []string{"https://jira.lumen.example/base/"}, Hosts: []string{"slack.com", ".slack.com", "files.vendor.example"}, Lookup: n.lookup,
		})
		if err := get(t, c, url); err == nil || n.asked.Load() == 0 {
			t.Errorf("%s: err %v, resolver asked %d times; want the host looked up", url, err, n.asked.Load())
		}
	}
}

// TestClient_RefusesAddresses covers names on the list that lead to forbidden addresses, also among good ones.
func TestClient_RefusesAddresses(t *testing.T) {
	t.Parallel()
	for _, ips := range [][]string{
		{"0.0.0.0"}, {"0.1.2.3"}, {"10.1.2.3"}, {"100.64.0.1"}, {"127.0.0.1"}, {"127.8.8.8"}, {"169.254.169.254"}, {"172.16.0.1"}, {"172.31.255.255"},
		{"192.0.0.8"}, {"192.0.2.1"}, {"192.88.99.1"}, {"192.168.0.1"}, {"198.18.0.1"}, {"198.19.255.255"}, {"198.51.100.7"}, {"203.0.113.9"},
		{"224.0.0.1"}, {"239.1.1.1"}, {"240.0.0.1"}, {"255.255.255.255"},
		{"::"}, {"::1"}, {"::7f00:1"}, {"::ffff:127.0.0.1"}, {"::ffff:10.0.0.1"}, {"::ffff:169.254.169.254"}, {"64:ff9b::7f00:1"}, {"64:ff9b:1::1"},
		{"100::1"}, {"2001::1"}, {"2001:db8::1"}, {"2002:7f00:1::"}, {"3fff::1"}, {"fc00::1"}, {"fd12::1"}, {"fe80::1"}, {"fe80::1%eth0"}, {"fec0::1"}, {"ff02::1"},
		{"93.184.216.34", "127.0.0.1"}, {"2606:4700::1111", "::1"}, {},
	} {
		n := &names{table: map[string][]string{"hooks.slack.com": ips}}
		c := outbound.New(outbound.Options{Hosts: []string{".slack.com"}, Lookup: n.lookup})
		err := get(t, c, "https://hooks.slack.com/x")
		if err == nil || outbound.Lost(err) {
			t.Errorf("%v: got %v, want a refusal before anything was sent", ips, err)
		}
		if _, refused := errors.AsType[*outbound.RefusedError](err); !refused && len(ips) > 0 {
			t.Errorf("%v: got %v, want a RefusedError", ips, err)
		}
	}
}

// TestClient_BaseAddress: only the exact origin, and loopback only where the address names loopback.
func TestClient_BaseAddress(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.UserAgent())) }))
	defer server.Close()
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	for _, c := range []struct {
		base, url string
		ips       []string
		ok        bool
	}{
		{"http://127.0.0.1" + port + "/api/", "http://127.0.0.1" + port + "/api/x", nil, true},
		{"http://127.0.0.1" + port, "http://127.0.0.1" + port, nil, true},
		{"http://localhost" + port, "http://LOCALHOST" + port, []string{"127.0.0.1"}, true},
		{"http://slack.localhost" + port, "http://slack.localhost" + port, []string{"::ffff:127.0.0.1"}, true},
		{"http://localhost" + port, "http://localhost" + port, []string{"10.0.0.1"}, true}, // permitted, though nobody may answer
		{"http://localhost" + port, "http://127.0.0.1" + port, nil, false},
		{"http://jira.lumen.example" + port, "http://jira.lumen.example" + port, []string{"127.0.0.1"}, false},
		{"https://jira.lumen.example" + port, "https://jira.lumen.example" + port, []string{"127.0.0.1"}, false},
		{"https://jira.lumen.example" + port, "https://jira.lumen.example" + port, []string{"169.254.169.254"}, false},
	} {
		n := &names{table: map[string][]string{"localhost": c.ips, "slack.localhost": c.ips, "jira.lumen.example": c.ips}}
		client := outbound.New(outbound.Options{Allow: []string{c.base}, Lookup: n.lookup})
		if c.ips != nil && c.ips[0] == "10.0.0.1" {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := outbound.DialContext(client)(ctx, "tcp", "localhost"+port)
			if _, refused := errors.AsType[*outbound.RefusedError](err); refused || err == nil {
				t.Errorf("base %s at %v: got %v, want a try that ends with the context", c.base, c.ips, err)
			}
			continue
		}
		err := get(t, client, c.url)
		if _, refused := errors.AsType[*outbound.RefusedError](err); c.ok != (err == nil) || !c.ok && !refused {
			t.Errorf("base %s, call %s at %v: got %v, want ok=%v", c.base, c.url, c.ips, err, c.ok)
		}
	}
}

// TestClient_Rebinding: the address is checked on every connection, not once per name.
func TestClient_Rebinding(t *testing.T) {
	t.Parallel()
	answers := [][]string{{"192.168.7.7"}, {"127.0.0.1"}}
	var calls int
	c := outbound.New(outbound.Options{Allow: []string{"https://jira.lumen.example"}, Lookup: func(_ context.Context, _ string) ([]netip.Addr, error) {
		calls++
		return []netip.Addr{netip.MustParseAddr(answers[min(calls, 2)-1][0])}, nil
	}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, first := outbound.DialContext(c)(ctx, "tcp", "jira.lumen.example:443")
	_, second := outbound.DialContext(c)(t.Context(), "tcp", "jira.lumen.example:443")
	if _, refused := errors.AsType[*outbound.RefusedError](first); refused {
		t.Errorf("first connection: got %v, want the private address of a configured base permitted", first)
	}
	if _, refused := errors.AsType[*outbound.RefusedError](second); !refused {
		t.Errorf("second connection: got %v, want loopback refused", second)
	}
}

func TestDialContext_OnlyListedHosts(t *testing.T) {
	t.Parallel()
	n := &names{}
	dial := outbound.DialContext(outbound.New(outbound.Options{Hosts: []string{".slack.com"}, Lookup: n.lookup}))
	for _, address := range []string{"evil.example:443", "wss-primary.slack.com:80", "127.0.0.1:443", "[::1]:443"} {
		_, err := dial(t.Context(), "tcp", address)
		if _, refused := errors.AsType[*outbound.RefusedError](err); !refused {
			t.Errorf("dial %s: got %v, want a refusal", address, err)
		}
	}
	if got := n.asked.Load(); got != 0 {
		t.Errorf("the resolver was asked %d times, want 0", got)
	}
	if outbound.DialContext(http.DefaultClient) != nil {
		t.Error("DialContext of a foreign client: got a function, want nil")
	}
}

func TestCheckBase(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		base string
		ok   bool
	}{
		{"https://lumen.atlassian.net", true}, {"https://slack.com/api/", true}, {"https://jira.internal:8443/x", true},
		{"http://127.0.0.1:4000/api/", true}, {"http://localhost:4000", true}, {"http://[::1]:4000", true},
		{"http://jira.internal", false}, {"http://10.0.0.5/", false}, {"ftp://x", false}, {"lumen.atlassian.net", false}, {"", false},
		{"https://user:canary@x/", false}, {"https://", false}, {"https://é.example", false}, {"https://x:canary/", false},
	} {
		err := outbound.CheckBase(c.base)
		if (err == nil) != c.ok {
			t.Errorf("CheckBase(%q) = %v, want ok=%v", c.base, err, c.ok)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("CheckBase(%q) repeats a password: %v", c.base, err)
		}
	}
}

func TestRefusal_IsRejectedAndHoldsNoPath(t *testing.T) {
	t.Parallel()
	c := outbound.New(outbound.Options{})
	err := get(t, c, "https://hooks.slack.example/actions/canary?token=canary")
	failed := outbound.Failure("answer", err, false)
	if failed.Class != connectors.Rejected {
		t.Errorf("class %s, want rejected", failed.Class)
	}
	if strings.Contains(failed.Error(), "canary") || !strings.Contains(failed.Error(), "hooks.slack.example") {
		t.Errorf("got %v, want the host and no path", failed)
	}
}
