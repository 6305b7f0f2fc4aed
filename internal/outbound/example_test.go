package outbound_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"signoff/internal/filetype"
	"signoff/internal/outbound"
)

// A file goes from one service to another: opened, looked at, and sent on as it comes.
func ExampleNewFiles() {
	from := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "%PDF-1.7 …") }))
	defer from.Close()
	to := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		part, header, err := r.FormFile("file")
		if err != nil {
			fmt.Println(err)
			return
		}
		body, err := io.ReadAll(part)
		fmt.Printf("%s: %s %v\n", header.Filename, body, err)
	}))
	defer to.Close()
	source := outbound.NewFiles(outbound.Options{Allow: []string{from.URL}}) // a connector has it from Deps.Files
	tracker := outbound.NewFiles(outbound.Options{Allow: []string{to.URL}})

	get, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, from.URL, nil)
	resp, err := source.Do(get)
	if err != nil {
		fmt.Println(outbound.Failure("open file", err, true))
		return
	}
	defer func() { _ = resp.Body.Close() }()
	head, whole, err := filetype.Head(resp.Body)
	if err != nil {
		fmt.Println(err)
		return
	}
	name := filetype.CleanName("../Hero v3.pdf")
	kind, err := filetype.Check(name, "application/pdf", head)
	if err != nil {
		fmt.Println(name, err) // for the card: it is a web page, not a PDF: …
		return
	}
	fmt.Println(kind.Media)

	form := outbound.NewForm("file", name, whole, resp.ContentLength) // the size of the service's own record, where it has one
	post, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, to.URL, form)
	post.ContentLength = form.Length
	post.Header.Set("Content-Type", form.Type)
	answer, err := tracker.Do(post)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = answer.Body.Close()
	// Output:
	// application/pdf
	// Hero v3.pdf: %PDF-1.7 … <nil>
}
