package letter

import "signoff/internal/pattern"

// Servers send statistics of the mail they took in a domain's name to whoever its DNS names, once a day: DMARC's aggregate
// reports (RFC 7489, 7.2.1.1) and those of TLS (RFC 8460). They announce themselves in none of the headers that machines use.

var (
	statisticsSubject = pattern.New(`(?i)^\s*(?:\[[^\]]{0,40}\]\s*)?Report Domain:\s*\S+\s+Submitter:\s*\S+\s+Report-ID:`)
	statisticsFile    = pattern.New(`(?i)^[^!\s]+![^!\s]+![0-9]{9,11}![0-9]{9,11}(?:![^!\s]+)?\.(?:xml|zip|gz|json|xml\.gz|json\.gz)$`)
	statisticsSender  = pattern.New(`(?i)^[^@]*(?:dmarc|tlsrpt|tls-rpt|tls-report)[^@]*@`)
)

// statistics knows such reports by their subject, by the name of their file, or by a packed file from an address that sends
// nothing else.
func statistics(root *node, l Letter, _ Options) (Class, string) {
	const because = "a report about mail of a domain (DMARC)"
	if statisticsSubject.MatchString(l.Subject) {
		return Auto, because
	}
	found := false
	root.walk(func(n *node) {
		if n.inner > 0 || n.multipart() {
			return
		}
		_, name := n.disposition()
		found = found || statisticsFile.MatchString(name) || packed(n.media) && statisticsSender.MatchString(l.From.Address)
	})
	if found {
		return Auto, because
	}
	return "", ""
}

func packed(media string) bool {
	switch media {
	case "application/gzip", "application/x-gzip", "application/zip", "application/x-zip", "application/x-zip-compressed", "application/tlsrpt+gzip", "application/tlsrpt+json":
		return true
	}
	return false
}
