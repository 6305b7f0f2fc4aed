package main

import (
	"encoding/base64"
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"
	"time"

	"signoff/connectors/email/letter"
)

// mail measures how fast mails are read, one after the other on one core, and what the worst of 1 MB cost.
func (b *bench) mail() ([]row, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // what is allocated is collected on the same core
	ordinary := ordinaryMails()
	took := pick(b, 500*time.Millisecond, 3*time.Second)
	var rates, slowest, largest []float64
	for range b.rounds() {
		start, n := time.Now(), 0
		for time.Since(start) < took {
			letter.Read(ordinary[n%len(ordinary)], letter.Options{})
			n++
		}
		rates = append(rates, float64(n)/time.Since(start).Seconds())
		worst, most := 0.0, 0.0
		for _, raw := range worstMails() {
			seconds, mib := cost(func() { letter.Read(raw, letter.Options{}) })
			worst, most = max(worst, seconds), max(most, mib)
		}
		slowest, largest = append(slowest, worst*1000), append(largest, most)
	}
	what := fmt.Sprintf("the worst of %d mails of 1 MB", len(worstMails()))
	return []row{
		alone(row{Goal: "P18", What: "ordinary mails read, one core", Unit: "/s", Bound: atLeast(500)}, rates),
		alone(row{Goal: "P18", What: what + ", time", Unit: "ms", Bound: atMost(1000)}, slowest),
		alone(row{Goal: "P18", What: what + ", memory", Unit: "MiB", Bound: atMost(128)}, largest),
	}, nil
}

// cost is how long f takes and by how much the heap grows meanwhile, looked at every half millisecond.
func cost(f func()) (seconds, mib float64) {
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	held := func() uint64 { metrics.Read(heap); return heap[0].Value.Uint64() }
	runtime.GC()
	before, most, done, seen := held(), uint64(0), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(seen)
		tick := time.NewTicker(500 * time.Microsecond)
		defer tick.Stop()
		for {
			most = max(most, held())
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	}()
	start := time.Now()
	f()
	seconds = time.Since(start).Seconds()
	close(done)
	<-seen
	return seconds, float64(max(most, before)-before) / (1 << 20)
}

const mailHead = "From: Maya Lind <maya@lumen.example>\r\nTo: requests@lumen.example\r\nSubject: %s\r\nDate: Wed, 25 Nov 2026 09:00:00 +0000\r\nMessage-ID: <%s@lumen.example>\r\nMIME-Version: 1.0\r\n"

func mailOf(subject, more string) []byte {
	return []byte(fmt.Sprintf(mailHead, subject, strings.ReplaceAll(subject, " ", ".")) + more)
}

// ordinaryMails are a short question, a reply below quoted text, and one in HTML with a picture of 60 KB.
func ordinaryMails() [][]byte {
	quoted := strings.Repeat("> We need a Nova banner 300x250 by Friday, please.\r\n", 20)
	picture := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("picture ", 7500)))
	var lines strings.Builder
	for len(picture) > 76 {
		lines.WriteString(picture[:76] + "\r\n")
		picture = picture[76:]
	}
	html := "<html><body><p>Please find the <b>new</b> banner below.</p><table><tr><td>300x250</td><td>728x90</td></tr></table>" +
		"<div class=\"gmail_quote\"><blockquote>" + strings.Repeat("<p>We need a Nova banner.</p>", 20) + "</blockquote></div></body></html>"
	return [][]byte{
		mailOf("Spring banner", "Content-Type: text/plain; charset=utf-8\r\n\r\nHello,\r\n\r\nwe need a Nova banner 300x250 by Friday.\r\n\r\nMaya\r\n"),
		mailOf("Re: Spring banner", "In-Reply-To: <a@lumen.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nLooks good, one change: the logo is too small.\r\n\r\nOn Wed, 25 Nov 2026 at 08:00, signoff wrote:\r\n"+quoted+"-- \r\nMaya Lind\r\n"),
		mailOf("Banner", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"+html+"\r\n--b\r\nContent-Type: image/png; name=banner.png\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=banner.png\r\n\r\n"+lines.String()+"\r\n--b--\r\n"),
	}
}

// worstMails are made to be expensive: quotes, nesting that never closes, parts without end, headers, markup, one line.
func worstMails() [][]byte {
	const size = 1 << 20
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	nested := ""
	for i := range 40 {
		nested += fmt.Sprintf("Content-Type: multipart/mixed; boundary=n%d\r\n\r\n--n%d\r\n", i, i)
	}
	return [][]byte{
		mailOf("quotes", "Content-Type: text/plain\r\n\r\n"+fill("> > On Wed, 25 Nov 2026 at 08:00, Maya wrote:\r\n")),
		mailOf("open nesting", nested+fill("x\r\n")),
		mailOf("many parts", "Content-Type: multipart/mixed; boundary=b\r\n\r\n"+fill("--b\r\n\r\nx\r\n")),
		mailOf("long header", "X-Long: "+fill("a b ")+"\r\n\r\nx\r\n"),
		mailOf("open markup", "Content-Type: text/html\r\n\r\n"+fill("<div><blockquote>")),
		mailOf("a table", "Content-Type: text/html\r\n\r\n<table>"+fill("<tr><td>x</td><td>y</td></tr>")+"</table>"),
		mailOf("one line", "Content-Type: text/plain\r\n\r\n"+fill("word ")),
		mailOf("soft breaks", "Content-Type: text/plain; charset=iso-2022-jp\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"+fill("=1B$B=\r\n")),
	}
}
