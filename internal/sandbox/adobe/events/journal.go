package events

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/internal/sandbox/adobe/site"
)

const (
	journalKeeps = 7 * 24 * time.Hour
	journalPage  = 100
	journalBytes = 1_500_000
	journalWait  = "10" // seconds until an empty journal may be asked again
)

// entry is one event of the journal. Its position is its place in it.
type entry struct {
	at  time.Time
	raw json.RawMessage
}

// keep puts events into the journal. The caller holds the lock.
func (s *Site) keep(events []Event) {
	for _, e := range events {
		raw, err := json.Marshal(s.envelope(e))
		if err != nil {
			panic("event: " + err.Error()) // made of texts and numbers
		}
		s.journal = append(s.journal, entry{s.Now(), raw})
	}
}

const positionWord = "salmon:1.salmon-"

func position(n int) string { return positionWord + strconv.Itoa(n) }

var seekForm = regexp.MustCompile(`^-P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$`)

// from finds where to read: after a position, from a time ago, at the end, or from the oldest that is kept.
func (s *Site) from(q url.Values) (int, *site.Reply) {
	switch oldest := s.younger(journalKeeps); {
	case q.Has("since") && q.Has("seek"):
		return 0, problem(http.StatusBadRequest, "since and seek exclude one another")
	case q.Has("since"):
		number, ours := strings.CutPrefix(q.Get("since"), positionWord)
		n, err := strconv.Atoi(number)
		if !ours || err != nil || n < 0 || n > len(s.journal) {
			return 0, problem(http.StatusBadRequest, "The position is not of this journal")
		}
		if n < oldest {
			return 0, problem(http.StatusGone, "The position is older than what the journal keeps")
		}
		return n, nil
	case q.Has("seek"):
		back, ok := duration(q.Get("seek"))
		if !ok {
			return 0, problem(http.StatusBadRequest, "seek is no duration such as -PT2H")
		}
		return max(oldest, s.younger(back)), nil
	case q.Get("latest") == "true":
		return len(s.journal), nil
	default:
		return oldest, nil
	}
}

// younger is the place of the first event that is not older than that.
func (s *Site) younger(than time.Duration) int {
	i := slices.IndexFunc(s.journal, func(e entry) bool { return s.Now().Sub(e.at) <= than })
	if i < 0 {
		return len(s.journal)
	}
	return i
}

// duration reads a time that lies back, such as -PT2H.
func duration(text string) (back time.Duration, ok bool) {
	m := seekForm.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		n, _ := strconv.Atoi(m[i+1]) // digits, or nothing
		back += time.Duration(n) * unit
	}
	return back, true
}

// readJournal answers a part of the journal and where it goes on, or 204 at its end.
func (s *Site) readJournal(c *site.Call) *site.Reply {
	q := c.URL.Query()
	limit := journalPage
	if q.Has("limit") {
		n, err := strconv.Atoi(q.Get("limit"))
		if err != nil || n < 1 {
			return problem(http.StatusBadRequest, "limit is no number above 0")
		}
		limit = min(n, journalPage)
	}
	at, bad := s.from(q)
	if bad != nil {
		return bad
	}
	var events []object
	for size := 0; at < len(s.journal) && len(events) < limit; at++ {
		if size += len(s.journal[at].raw); size > journalBytes && len(events) > 0 {
			break
		}
		events = append(events, object{"position": position(at + 1), "event": s.journal[at].raw})
	}
	next := url.Values{"since": {position(at)}}
	if q.Has("limit") {
		next.Set("limit", q.Get("limit"))
	}
	path := strings.TrimPrefix(c.URL.Path, s.Prefix)
	if u, err := url.Parse(s.BaseURL); err == nil {
		path = u.Path + path
	}
	rep := site.Answer(http.StatusNoContent, nil)
	if len(events) > 0 {
		rep = site.Answer(http.StatusOK, object{"events": events, "_page": object{"last": position(at), "count": len(events)}})
	} else {
		rep.With("Retry-After", journalWait)
	}
	return rep.With("Link", "<"+path+"?"+next.Encode()+`>; rel="next"`)
}
