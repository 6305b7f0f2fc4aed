package figma_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"signoff/connectors"
	"signoff/connectors/figma"
	"signoff/internal/outbound"
)

// FuzzRecognize: whatever is recognized is at Figma, and recognized again by the address that we show for it.
func FuzzRecognize(f *testing.F) {
	for _, seed := range []string{
		"https://www.figma.com/design/DGPTIUzgnwZoTJmukb9999/Hero?node-id=12-34", "https://www.figma.com/embed?url=https%3A%2F%2Fwww.figma.com%2Ffile%2FDGPTIUzgnwZoTJmukb9999",
		"<https://figma.com/proto/DGPTIUzgnwZoTJmukb9999/x?node-id=I1-2;3-4|x>", "https://www.figma.com/design/DGPTIUzgnwZoTJmukb9999/branch/CL06nJNn5eZLQKDoARMND5/x?version-id=443",
	} {
		f.Add(seed)
	}
	made, err := figma.New(read("token: figd_1\n"), connectors.Deps{Instance: "figma", HTTP: func(string, ...string) *http.Client { return outbound.New(outbound.Options{}) }})
	if err != nil {
		f.Fatal(err)
	}
	c := made.(*figma.Connector)
	f.Fuzz(func(t *testing.T, address string) {
		got, ok := c.Recognize(address)
		if !ok {
			return
		}
		u, err := url.Parse(got.URL)
		if err != nil || u.Scheme != "https" || u.Host != "www.figma.com" || !strings.Contains(strings.ToLower(address), "figma.com") {
			t.Fatalf("Recognize(%q) leads to %q", address, got.URL)
		}
		again, ok := c.Recognize(got.URL)
		if !ok || again.Ref != got.Ref || !slices.Equal(again.Nodes, got.Nodes) || len(again.Versions) != len(got.Versions) {
			t.Errorf("Recognize(%q) = %+v, and of its own address %+v", address, got, again)
		}
	})
}
