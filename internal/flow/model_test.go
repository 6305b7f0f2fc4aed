package flow

import (
	"slices"
	"strings"
	"time"
)

// model is a naive reading of the approval rules: it keeps the live votes by revision and stage and works everything
// else out of them again and again. It shares no code with the machine.
type model struct {
	stages    []StageDef
	reviewers map[string][]string // "eli!" has a veto
	requester string
	assignee  string
	makers    []string

	round     int
	making    bool // the revision is being made
	withdrawn bool
	declined  *ballot

	triage             bool      // it waits there
	until              time.Time // and was put off
	merged, turnedDown bool

	ballots []*ballot
	handed  map[string][]handover // by round and stage
	now     time.Time

	version int             // the newest of the work, 0: none is known
	saver   string          // who saved it
	first   map[int]int     // by round: the group it begins with
	reached map[int]int     // by round: the last group that was entered
	about   map[string]int  // by round and stage: the version that is asked about
	through map[string]bool // by round and stage: it was approved, and stays so
	points  []*point
	away    map[string]string // who is away, with the cover at the end of their chain
	backups map[string]string
}

type ballot struct {
	round      int
	stage      string
	by, behalf string
	verdict    Verdict
	at         time.Time
	stale      bool // what it was given for was replaced
}

// point is a change request: open until it is answered or resolved.
type point struct {
	number             int
	vote               *ballot // with which it came
	answered, resolved bool
}

type handover struct{ from, to string }

func (m *model) key(stage string) string { return string(rune('0'+m.round%64)) + stage }

func (m *model) status() Status {
	switch {
	case m.over():
		return m.ended()
	case m.triage && !m.until.IsZero():
		return Snoozed
	case m.triage:
		return Intake
	case m.declined != nil:
		return Declined
	case m.making:
		return InProgress
	case len(m.open()) == 0:
		return Approved
	}
	return InReview
}

// asks reports whether stages may be open at all.
func (m *model) asks() bool { return !m.over() && !m.triage && m.declined == nil && !m.making }

// entered lists the stages that apply, of the groups that this revision has entered.
func (m *model) entered() []StageDef {
	var all []StageDef
	for _, d := range m.stages {
		if d.Skip == "" && m.first[m.round] <= d.Together && d.Together <= m.reached[m.round] {
			all = append(all, d)
		}
	}
	return all
}

// open lists the stages that were entered and are not through.
func (m *model) open() []StageDef {
	if !m.asks() {
		return nil
	}
	return slices.DeleteFunc(m.entered(), func(d StageDef) bool { return m.through[m.key(d.Name)] })
}

// advance enters group after group as long as nothing is open.
func (m *model) advance() {
	for group := m.reached[m.round] + 1; m.asks() && len(m.open()) == 0 && group < 10; group++ {
		m.reached[m.round] = group
		for _, d := range m.stages {
			if d.Together == group {
				m.about[m.key(d.Name)], m.through[m.key(d.Name)] = m.version, false
			}
		}
	}
}

// settle lets what follows from an event come: a version that is not the one the stages are about, and stages that need
// no more approvals since somebody has a part in the work.
func (m *model) settle() {
	m.advance()
	if len(m.open()) > 0 {
		m.compare()
	}
	for _, d := range m.open() {
		m.through[m.key(d.Name)] = m.approved(d)
	}
	m.advance()
}

// compare applies the policies where a stage is about another version than the newest, or was voted on when none was known.
func (m *model) compare() {
	replaced := false
	for _, d := range m.entered() {
		about := m.about[m.key(d.Name)]
		replaced = replaced || about != m.version && (about != 0 || len(m.votes(d.Name)) > 0)
	}
	start, again := m.startsAt()
	switch {
	case replaced && again:
		m.drop(func(d StageDef) bool { return d.Together >= start })
		m.round++
		m.first[m.round], m.reached[m.round] = start, start-1
		m.makers = append(m.makers, m.saver)
		return
	case replaced:
		m.drop(func(d StageDef) bool { return d.NewVersion == "ask again" })
	}
	for _, d := range m.entered() {
		m.about[m.key(d.Name)] = m.version
	}
}

// startsAt is the group from which everything is asked anew, if any stage wants that.
func (m *model) startsAt() (group int, again bool) {
	group = 100
	for _, d := range m.entered() {
		from, restarts := strings.CutPrefix(d.NewVersion, "restart from ")
		if !restarts && d.NewVersion != "" && d.NewVersion != "void" {
			continue
		}
		again = true
		to := d.Together
		for _, x := range m.stages {
			if restarts && x.Name == from {
				to = x.Together
			}
		}
		group = min(group, to)
	}
	for _, d := range m.entered() {
		if !m.through[m.key(d.Name)] || d.NewVersion == "ask again" {
			group = min(group, d.Together)
		}
	}
	return group, again
}

// drop makes the votes of some stages of this revision void.
func (m *model) drop(of func(StageDef) bool) {
	for _, d := range m.entered() {
		for _, b := range m.votes(d.Name) {
			b.stale = b.stale || of(d)
		}
		if of(d) {
			m.through[m.key(d.Name)] = false
		}
	}
}

// saves is a new version of the work; it decides nothing by itself.
func (m *model) saves(who string) {
	m.version++
	m.saver = who
}

func (m *model) openPoints() int {
	n := 0
	for _, p := range m.points {
		if !p.answered && !p.resolved {
			n++
		}
	}
	return n
}

func (m *model) addPoint(vote *ballot) {
	last := 0
	for _, p := range m.points {
		last = max(last, p.number)
	}
	m.points = append(m.points, &point{number: last + 1, vote: vote})
}

// mark changes a point of a request that is not closed, if there is one of that number.
func (m *model) mark(number int, change func(*point)) bool {
	i := slices.IndexFunc(m.points, func(p *point) bool { return p.number == number })
	if m.status().Closed() || i < 0 {
		return false
	}
	change(m.points[i])
	return true
}

func (m *model) votes(stage string) []*ballot {
	var out []*ballot
	for _, b := range m.ballots {
		if b.round == m.round && b.stage == stage && !b.stale {
			out = append(out, b)
		}
	}
	return out
}

func (m *model) yes(stage string) int {
	n := 0
	for _, b := range m.votes(stage) {
		if b.verdict == Approve {
			n++
		}
	}
	return n
}

func (m *model) approved(d StageDef) bool {
	if !d.Needs.All {
		return m.yes(d.Name) >= max(d.Needs.N, 1)
	}
	if m.yes(d.Name) == 0 {
		return false
	}
	for _, owner := range m.owners(d.Name) {
		chain := m.chain(d.Name, owner)
		covered := false
		for _, b := range m.votes(d.Name) {
			last := chain[len(chain)-1]
			if b.verdict == Approve && (b.by == owner || b.behalf == owner || b.by == last || b.behalf == last) {
				covered = true
			}
		}
		if !covered && !m.barred(d, owner) {
			return false
		}
	}
	return true
}

func (m *model) owners(stage string) []string {
	var out []string
	for _, word := range m.reviewers[stage] {
		name := word
		if name[len(name)-1] == '!' {
			name = name[:len(name)-1]
		}
		out = append(out, name)
	}
	return out
}

// chain is an owner and everybody the place was handed to.
func (m *model) chain(stage, owner string) []string {
	out := []string{owner}
	for _, h := range m.handed[m.key(stage)] {
		if slices.Contains(out, h.from) {
			out = append(out, h.to)
		}
	}
	return out
}

func (m *model) barred(d StageDef, who string) bool {
	return d.FourEyes && (who == m.requester || who == m.assignee || who == m.saver || slices.Contains(m.makers, who))
}

func (m *model) touched(stage, who string) bool {
	return slices.ContainsFunc(m.votes(stage), func(b *ballot) bool { return b.by == who || b.behalf == who })
}

// asked lists whom a stage waits for.
func (m *model) asked(d StageDef) []string {
	var out []string
	for _, p := range m.places(d) {
		if !slices.Contains(out, p.who) {
			out = append(out, p.who)
		}
	}
	return out
}

// chair is an owner's place with whom it waits for.
type chair struct{ owner, who string }

func (m *model) able(d StageDef, who string) bool {
	return !m.touched(d.Name, who) && !m.barred(d, who)
}

// places are the places that wait for somebody: who is away is not asked while somebody stands in, and one person is
// asked for one place where that would be too few.
func (m *model) places(d StageDef) (all []chair) {
	for _, owner := range m.owners(d.Name) {
		if m.able(d, owner) {
			all = append(all, chair{owner, m.waitsFor(d, owner, nil)})
		}
	}
	need := max(d.Needs.N, 1) - m.yes(d.Name)
	if d.Needs.All {
		need = len(all)
	}
	distinct := map[string]bool{}
	for _, c := range all {
		distinct[c.who] = true
	}
	for i, left := 0, need-len(distinct); i < len(all) && left > 0; i++ {
		twice := slices.ContainsFunc(all, func(o chair) bool { return o.owner != all[i].owner && o.who == all[i].who })
		if twice && !slices.Contains(m.chain(d.Name, all[i].owner), all[i].who) {
			all[i].who = m.waitsFor(d, all[i].owner, all)
			left--
		}
	}
	return all
}

// waitsFor is whom a place waits for: the last of those it was handed to who is there, or has somebody to stand in who is not
// asked already.
func (m *model) waitsFor(d StageDef, owner string, taken []chair) string {
	chain, absent := m.chain(d.Name, owner), ""
	for _, who := range slices.Backward(chain) {
		if !m.able(d, who) {
			continue
		}
		if _, gone := m.away[who]; !gone {
			return who
		}
		for _, in := range m.standIns(who) {
			if m.able(d, in) && !slices.ContainsFunc(taken, func(c chair) bool { return c.who == in }) {
				return in
			}
		}
		if absent == "" {
			absent = who
		}
		if taken != nil {
			break
		}
	}
	return absent
}

// standIns are the cover of somebody and the backups from there on, as far as they are there.
func (m *model) standIns(who string) (list []string) {
	seen := map[string]bool{who: true}
	for next := m.away[who]; next != "" && !seen[next] && len(seen) <= 5; {
		seen[next] = true
		if cover, gone := m.away[next]; gone {
			next = cover
			continue
		}
		list = append(list, next)
		next = m.backups[next]
	}
	return list
}

// workNow is who is asked for the revision: its maker, or the first to stand in who does not review the request.
func (m *model) workNow() string {
	if _, gone := m.away[m.worker()]; gone {
		for _, in := range m.standIns(m.worker()) {
			reviews := in == m.requester
			for _, d := range m.stages {
				reviews = reviews || slices.Contains(m.owners(d.Name), in)
			}
			if !reviews {
				return in
			}
		}
	}
	return m.worker()
}

// right says for whom somebody may vote in a stage.
func (m *model) right(d StageDef, who string) (behalf string, ok bool) {
	if m.barred(d, who) || m.touched(d.Name, who) {
		return "", false
	}
	if slices.Contains(m.owners(d.Name), who) {
		return "", true
	}
	for _, owner := range m.owners(d.Name) {
		if slices.Contains(m.chain(d.Name, owner), who) && !m.barred(d, owner) {
			return owner, !m.touched(d.Name, owner)
		}
	}
	for _, c := range m.places(d) {
		if c.who == who {
			return c.owner, true
		}
	}
	return "", false
}

// vote is a verdict that names a version, 0 for none, and is confirmed to pass open points or not.
func (m *model) vote(who, stage string, verdict Verdict, version int, confirmed bool) bool {
	if version != 0 && version != m.version || verdict == Approve && !confirmed && m.openPoints() > 0 {
		return false
	}
	for _, d := range m.open() {
		if stage != "" && stage != d.Name {
			continue
		}
		behalf, ok := m.right(d, who)
		if !ok {
			continue
		}
		b := &ballot{round: m.round, stage: d.Name, by: who, behalf: behalf, verdict: verdict, at: m.now}
		m.ballots = append(m.ballots, b)
		switch verdict {
		case Approve:
			m.through[m.key(d.Name)] = m.approved(d)
			m.advance()
		case Decline:
			m.weigh(d, b)
		case RequestChanges:
			m.addPoint(b)
			m.round++
			m.making = true
		}
		return true
	}
	return false
}

// weigh decides whether a decline is final.
func (m *model) weigh(d StageDef, b *ballot) {
	veto := slices.Contains(m.reviewers[d.Name], b.by+"!") || slices.Contains(m.reviewers[d.Name], b.behalf+"!")
	if b.behalf != "" {
		veto = slices.Contains(m.reviewers[d.Name], b.behalf+"!")
	}
	if veto || d.Needs.All || d.Needs.N <= 1 || m.yes(d.Name)+len(m.asked(d)) < d.Needs.N {
		m.declined = b
	}
}

func (m *model) undo(who, stage string) bool {
	for _, b := range slices.Backward(m.ballots) {
		if b.stale || b.by != who || (stage != "" && b.stage != stage) {
			continue
		}
		if m.now.Sub(b.at) > time.Minute || m.over() || !m.undoable(b) {
			return false
		}
		d := m.def(b.stage)
		m.ballots = slices.DeleteFunc(m.ballots, func(x *ballot) bool { return x == b })
		switch {
		case b.verdict == RequestChanges:
			m.round, m.making = b.round, false
			m.points = slices.DeleteFunc(m.points, func(p *point) bool { return p.vote == b })
		case m.declined == b:
			m.declined = nil
		case m.through[m.key(b.stage)] && !m.approved(d):
			m.through[m.key(b.stage)] = false
			m.reached[m.round] = d.Together // what it had opened is closed again
		}
		return true
	}
	return false
}

func (m *model) undoable(b *ballot) bool {
	if b.verdict == RequestChanges {
		return m.making && m.round == b.round+1 && m.declined == nil
	}
	if b.round != m.round || m.making || (m.declined != nil && m.declined != b) {
		return false
	}
	of := m.def(b.stage)
	if m.declined == b || m.status() == InReview && !m.through[m.key(of.Name)] {
		return true
	}
	for _, d := range m.stages {
		if d.Together > of.Together && len(m.votes(d.Name)) > 0 {
			return false
		}
	}
	return true
}

func (m *model) def(stage string) StageDef {
	return m.stages[slices.IndexFunc(m.stages, func(d StageDef) bool { return d.Name == stage })]
}

func (m *model) delegate(who, to, stage string) bool {
	for _, d := range m.open() {
		if d.Name != stage {
			continue
		}
		places := m.places(d)
		of := slices.IndexFunc(places, func(c chair) bool {
			return c.who == who || c.owner == who && !slices.Contains(m.chain(d.Name, who), c.who)
		})
		_, gone := m.away[to]
		if _, may := m.right(d, who); !may || of < 0 || who == to || m.barred(d, to) || m.touched(d.Name, to) || gone {
			return false
		}
		for _, owner := range m.owners(d.Name) {
			if slices.Contains(m.chain(d.Name, owner), to) {
				return false
			}
		}
		seated := slices.ContainsFunc(m.owners(d.Name), func(o string) bool { return slices.Contains(m.chain(d.Name, o), who) })
		if !seated {
			who = places[of].owner // whose place it is
		}
		m.handed[m.key(stage)] = append(m.handed[m.key(stage)], handover{who, to})
		return true
	}
	return false
}

// work sends the revision to review, with an answer to a point, 0 for none.
func (m *model) work(who string, answers int) bool {
	if !m.making || m.over() || m.declined != nil || who != m.worker() && who != m.workNow() {
		return false
	}
	for _, p := range m.points {
		p.answered = p.answered || p.number == answers
	}
	m.making = false
	m.makers = append(m.makers, who)
	return true
}

func (m *model) withdraw(who string) bool {
	if s := m.status(); s.Closed() || who != m.requester {
		return false
	}
	m.withdrawn = true
	return true
}

func (m *model) worker() string {
	if m.assignee != "" {
		return m.assignee
	}
	return m.requester
}
