package site

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"signoff/internal/background"
	"signoff/internal/sandbox"
)

// maxAnswer is how much of an answer is read.
const maxAnswer = 256 << 10

// Parcel is something to send until it is taken.
type Parcel struct {
	Service, Event string // for the ledger and for people
	Lane           string // parcels of one lane go one after another
	URL            string
	Body           []byte
	Header         func(try int) http.Header // of this try: 1, 2, …
	Timeout        time.Duration
	Waits          []time.Duration       // before the second try, the third, …
	Final          func(status int) bool // no use in trying again; nil = every 2xx
	// Answered is told of every try, without the lock.
	Answered func(status int, body []byte, last bool)
}

// Delivery is what became of a parcel.
type Delivery struct {
	ID             int
	Service, Event string
	URL            string
	Body           []byte
	At             time.Time
	Tries          []Try
	Taken          bool // it was answered with 2xx
	Done           bool // it is not tried again
}

// Try is one attempt. Status is 0 where there was no answer.
type Try struct {
	At     time.Time
	Status int
}

type parcel struct {
	Parcel
	delivery *Delivery
}

// Post carries parcels. Its state is guarded by the lock of the site.
type Post struct {
	site    *Site
	ctx     context.Context
	stop    context.CancelFunc
	work    background.Group
	lanes   map[string][]*parcel
	running map[string]bool
	all     []*Delivery
	open    int
	held    bool
	down    bool
}

func newPost(s *Site) *Post {
	p := &Post{site: s, lanes: map[string][]*parcel{}, running: map[string]bool{}}
	p.ctx, p.stop = context.WithCancel(context.Background())
	return p
}

// Send queues a parcel. The caller holds the lock.
func (p *Post) Send(one Parcel) *Delivery {
	d := &Delivery{ID: len(p.all) + 1, Service: one.Service, Event: one.Event, URL: one.URL, Body: one.Body, At: p.site.Now()}
	p.all = append(p.all, d)
	p.open++
	p.queue(&parcel{one, d})
	return d
}

func (p *Post) queue(one *parcel) {
	p.lanes[one.Lane] = append(p.lanes[one.Lane], one)
	p.begin(one.Lane)
	p.site.Wake()
}

func (p *Post) begin(lane string) {
	if p.held || p.running[lane] {
		return
	}
	p.running[lane] = p.work.Go(func() { p.run(lane) })
}

// run sends what stands in a lane.
func (p *Post) run(lane string) {
	for {
		p.site.Lock()
		queue := p.lanes[lane]
		if p.held || len(queue) == 0 || p.ctx.Err() != nil {
			delete(p.running, lane)
			if len(queue) == 0 {
				delete(p.lanes, lane)
			}
			p.site.Unlock()
			return
		}
		one, down := queue[0], p.down
		p.lanes[lane] = queue[1:]
		try := len(one.delivery.Tries) + 1
		p.site.Unlock()
		var status int
		var answer []byte
		if !down {
			status, answer = p.attempt(one, try)
		}
		p.ended(one, status, answer, down)
	}
}

// attempt sends a parcel once and returns what was answered, 0 without an answer.
func (p *Post) attempt(one *parcel, try int) (int, []byte) {
	ctx, cancel := context.WithTimeout(p.ctx, one.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, one.URL, bytes.NewReader(one.Body))
	if err != nil {
		return 0, nil
	}
	req.Header = one.Header(try)
	res, err := p.site.HTTP.Do(req)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return 0, nil
	}
	return res.StatusCode, answer
}

// ended notes a try and decides whether there is another. What is lost while nobody can be reached is lost with all its tries.
func (p *Post) ended(one *parcel, status int, answer []byte, down bool) {
	taken := status >= 200 && status <= 299
	p.site.Lock()
	d := one.delivery
	d.Tries = append(d.Tries, Try{p.site.Now(), status})
	n := len(d.Tries)
	last := taken || down || n > len(one.Waits) || p.ctx.Err() != nil || one.Final != nil && status != 0 && one.Final(status)
	d.Taken = taken
	if last {
		d.Done = true
		p.open--
	} else {
		p.work.Go(func() { p.again(one, one.Waits[n-1]) })
	}
	p.site.Unlock()
	p.record(one, n, status)
	if one.Answered != nil {
		one.Answered(status, answer, last)
	}
	p.site.Lock()
	p.site.Wake()
	p.site.Unlock()
}

// again queues a parcel once more, after a wait.
func (p *Post) again(one *parcel, wait time.Duration) {
	if p.site.Sleep(p.ctx, wait) != nil {
		return
	}
	p.site.Lock()
	defer p.site.Unlock()
	p.queue(one)
}

func (p *Post) record(one *parcel, try, status int) {
	if p.site.Ledger == nil {
		return
	}
	path, note := one.URL, one.Event
	if u, err := url.Parse(one.URL); err == nil {
		path = u.Path
	}
	if try > 1 {
		note += ", try " + strconv.Itoa(try)
	}
	p.site.Ledger.Add(sandbox.Entry{
		At: p.site.Now(), Service: one.Service, Direction: sandbox.Out, Method: http.MethodPost, Path: path, Status: status, Note: note, Body: string(one.Body),
		Failed: status < 200 || status > 299,
	})
}

// Hold keeps deliveries back until Release.
func (p *Post) Hold() {
	p.site.Lock()
	defer p.site.Unlock()
	p.held = true
}

// Release sends what was held back.
func (p *Post) Release() {
	p.site.Lock()
	defer p.site.Unlock()
	p.held = false
	for lane, queue := range p.lanes {
		if len(queue) > 0 {
			p.begin(lane)
		}
	}
}

// Lose makes every delivery fail for good from now on, as in an outage longer than the service tries; false lets them through again.
func (p *Post) Lose(down bool) {
	p.site.Lock()
	defer p.site.Unlock()
	p.down = down
}

// Deliveries lists what was sent by a service, or by all for "", the oldest first.
func (p *Post) Deliveries(service string) []Delivery {
	p.site.Lock()
	defer p.site.Unlock()
	var out []Delivery
	for _, d := range p.all {
		if service == "" || d.Service == service {
			one := *d
			one.Tries = slices.Clone(d.Tries)
			out = append(out, one)
		}
	}
	return out
}

// Quiet reports whether nothing is queued, under way or waiting for another try.
func (p *Post) Quiet() bool {
	p.site.Lock()
	defer p.site.Unlock()
	return p.open == 0
}

// Close drops what is pending and waits for what is under way.
func (p *Post) Close() {
	p.stop()
	p.work.Wait()
}

// Go runs something that Close waits for; ctx ends then. The caller may hold the lock.
func (p *Post) Go(do func(ctx context.Context)) { p.work.Go(func() { do(p.ctx) }) }

// Outcome says in words what became of a delivery.
func Outcome(d Delivery) string {
	if len(d.Tries) == 0 {
		return "on its way"
	}
	last := d.Tries[len(d.Tries)-1]
	said := "no answer"
	if last.Status != 0 {
		said = "answered " + strconv.Itoa(last.Status)
	}
	switch {
	case len(d.Tries) > 1 && d.Done:
		return fmt.Sprintf("%s at try %d", said, len(d.Tries))
	case !d.Done:
		return fmt.Sprintf("%s at try %d, comes again", said, len(d.Tries))
	}
	return said
}
