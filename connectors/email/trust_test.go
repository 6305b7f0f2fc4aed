package email_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

const believing = "  authserv_id: mx.lumen.example\n"

func TestTrust_WhoseWordCounts(t *testing.T) {
	t.Parallel()
	pass := "Authentication-Results: mx.lumen.example; dmarc=pass header.from=lumen.example"
	for name, c := range map[string]struct {
		headers  string
		verified string
	}{
		"our server vouches":          {pass, "dmarc"},
		"its name in capitals":        {strings.Replace(pass, "mx.lumen", "MX.Lumen", 1), "dmarc"},
		"our server found it wrong":   {strings.Replace(pass, "dmarc=pass", "dmarc=fail", 1), "none"},
		"another server":              {strings.Replace(pass, "mx.lumen.example", "mx.evil.example", 1), "none"},
		"a forged one below the real": {"Authentication-Results: mx.lumen.example; dmarc=fail header.from=lumen.example\n" + pass, "none"},
		"for another domain":          {strings.Replace(pass, "header.from=lumen.example", "header.from=evil.example", 1), "none"},
		"in a comment":                {"Authentication-Results: mx.lumen.example; spf=fail (dmarc=pass header.from=lumen.example)", "none"},
		"aligned DKIM without policy": {"Authentication-Results: mx.lumen.example; dkim=pass header.d=mail.lumen.example", "dkim"},
		"DKIM of another domain":      {"Authentication-Results: mx.lumen.example; dkim=pass header.d=evil.example", "none"},
		"nothing at all":              {"X-Nothing: 1", "none"},
	} {
		b := newInbox(t, believing)
		b.ResolveBy(names{})
		ev := b.one(c.headers + "\nFrom: Maya Lind <maya@lumen.example>\nSubject: A banner\nMessage-ID: <1@x.example>\n\nWords.\n")
		if got := ev.Field("verified"); got != c.verified {
			t.Errorf("%s: verified by %q, want %q", name, got, c.verified)
		}
		wantType := map[bool]string{true: "unverified", false: "address"}[c.verified == "none"]
		if (ev.Field("stranger") == "yes") != (c.verified == "none") || ev.Actor.Ref.Type != wantType || (ev.Actor.Email == "") != (c.verified == "none") {
			t.Errorf("%s: stranger %q, actor %+v: want an unverified address to be nobody's", name, ev.Field("stranger"), ev.Actor)
		}
	}
}

// TestTrust_AnUnverifiedSenderTakesPartInNothing: whoever writes in Maya's name is not Maya.
func TestTrust_AnUnverifiedSenderTakesPartInNothing(t *testing.T) {
	t.Parallel()
	b := newInbox(t, believing)
	b.ResolveBy(names{})
	ev := b.one("From: Maya Lind <maya@lumen.example>\nSubject: Re: [CR-142] Spring banner\nMessage-ID: <1@x.example>\n\napprove\n")
	if ev.Kind != flow.RequestSubmitted || ev.Request != "" || ev.Field("claimed") != "CR-142" || ev.Field("stranger") != "yes" {
		t.Errorf("%s of %q, claims %q, stranger %q: want a mail of a stranger that claims CR-142", ev.Kind, ev.Request, ev.Field("claimed"), ev.Field("stranger"))
	}
}

// TestTrust_NamesThatCannotBeLookedUp: asked again for a while, then the mail goes on unverified.
func TestTrust_NamesThatCannotBeLookedUp(t *testing.T) {
	t.Parallel()
	b := newInbox(t, "")
	b.ResolveBy(names{fails: true})
	in := mailIn("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=lumen.example; s=k; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\nFrom: maya@lumen.example\nSubject: A banner\n\nWords.\n")
	acc, err := b.Accept(in)
	if err != nil {
		t.Fatal(err)
	}
	d := flow.Delivery{ID: "email/" + acc.ID, Instance: "email", At: begin, Type: acc.Type, Body: in.Body}
	if _, err := b.Enrich(t.Context(), d); connectors.ClassOf(err) != connectors.Transient || err == nil {
		t.Fatalf("at once: %v, want it transient", err)
	}
	b.clock.Advance(45 * time.Second)
	if d.Learned, err = b.Enrich(t.Context(), d); err != nil {
		t.Fatalf("after a while: %v, want it to go on", err)
	}
	list, err := b.Parse(d)
	if err != nil || len(list) != 1 || list[0].Field("stranger") != "yes" {
		t.Errorf("events %+v, %v, want a mail of a stranger", list, err)
	}
	d.Learned = nil // what could not be learned at all
	if list, err = b.Parse(d); err != nil || len(list) != 1 || list[0].Field("stranger") != "yes" {
		t.Errorf("without anything learned: %+v, %v, want a mail of a stranger", list, err)
	}
}

// names knows no name, or fails.
type names struct{ fails bool }

func (n names) err(name string) error {
	return &net.DNSError{Err: "no such host", Name: name, IsNotFound: !n.fails, IsTemporary: n.fails}
}
func (n names) LookupTXT(_ context.Context, name string) ([]string, error) { return nil, n.err(name) }
func (n names) LookupMX(_ context.Context, name string) ([]*net.MX, error) { return nil, n.err(name) }
func (n names) LookupIPAddr(_ context.Context, name string) ([]net.IPAddr, error) {
	return nil, n.err(name)
}
func (n names) LookupAddr(_ context.Context, name string) ([]string, error) { return nil, n.err(name) }
