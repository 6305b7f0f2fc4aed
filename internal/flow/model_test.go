package flow

import (
	"slices"
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
	ballots   []*ballot
	handed    map[string][]handover // by round and stage
	now       time.Time
}

type ballot struct {
	round      int
	stage      string
	by, behalf string
	verdict    Verdict
	at         time.Time
}

type handover struct{ from, to string }

func (m *model) key(stage string) string { return string(rune('0'+m.round%64)) + stage }

func (m *model) status() Status {
	switch {
	case m.withdrawn:
		return Withdrawn
	case m.declined != nil:
		return Declined
	case m.making:
		return InProgress
	case len(m.open()) == 0:
		return Approved
	}
	return InReview
}

// open lists the stages of the first group that is not through.
func (m *model) open() []StageDef {
	if m.withdrawn || m.declined != nil || m.making {
		return nil
	}
	for group := range 10 {
		var open []StageDef
		for _, d := range m.stages {
			if d.Together == group && d.Skip == "" && !m.approved(d) {
				open = append(open, d)
			}
		}
		if len(open) > 0 {
			return open
		}
	}
	return nil
}

func (m *model) votes(stage string) []*ballot {
	var out []*ballot
	for _, b := range m.ballots {
		if b.round == m.round && b.stage == stage {
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
	return d.FourEyes && (who == m.requester || who == m.assignee || slices.Contains(m.makers, who))
}

func (m *model) touched(stage, who string) bool {
	return slices.ContainsFunc(m.votes(stage), func(b *ballot) bool { return b.by == who || b.behalf == who })
}

// asked lists whom a stage waits for.
func (m *model) asked(d StageDef) []string {
	var out []string
	for _, owner := range m.owners(d.Name) {
		if m.touched(d.Name, owner) || m.barred(d, owner) {
			continue
		}
		chain := m.chain(d.Name, owner)
		slices.Reverse(chain)
		for _, who := range chain {
			if !m.touched(d.Name, who) && !m.barred(d, who) {
				if !slices.Contains(out, who) {
					out = append(out, who)
				}
				break
			}
		}
	}
	return out
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
	return "", false
}

func (m *model) vote(who, stage string, verdict Verdict) bool {
	for _, d := range m.open() {
		if stage != "" && stage != d.Name {
			continue
		}
		behalf, ok := m.right(d, who)
		if !ok {
			continue
		}
		b := &ballot{m.round, d.Name, who, behalf, verdict, m.now}
		m.ballots = append(m.ballots, b)
		switch verdict {
		case Decline:
			m.weigh(d, b)
		case RequestChanges:
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
		if b.by != who || (stage != "" && b.stage != stage) {
			continue
		}
		if m.now.Sub(b.at) > time.Minute || m.withdrawn || !m.undoable(b) {
			return false
		}
		m.ballots = slices.DeleteFunc(m.ballots, func(x *ballot) bool { return x == b })
		switch {
		case b.verdict == RequestChanges:
			m.round, m.making = b.round, false
		case m.declined == b:
			m.declined = nil
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
	if m.declined == b {
		return true
	}
	group := 0
	for _, d := range m.stages {
		if d.Name == b.stage {
			group = d.Together
		}
	}
	for _, d := range m.stages {
		if d.Together > group && len(m.votes(d.Name)) > 0 {
			return false
		}
	}
	return true
}

func (m *model) delegate(who, to, stage string) bool {
	for _, d := range m.open() {
		if d.Name != stage {
			continue
		}
		if !slices.Contains(m.asked(d), who) || who == to || m.barred(d, to) || m.touched(d.Name, to) {
			return false
		}
		for _, owner := range m.owners(d.Name) {
			if slices.Contains(m.chain(d.Name, owner), to) {
				return false
			}
		}
		m.handed[m.key(stage)] = append(m.handed[m.key(stage)], handover{who, to})
		return true
	}
	return false
}

func (m *model) work(who string) bool {
	if !m.making || m.withdrawn || m.declined != nil || who != m.worker() {
		return false
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
