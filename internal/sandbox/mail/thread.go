package mail

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// thread is a conversation, the oldest letter first.
type thread []Letter

// threads puts letters together that refer to one another, in the order of their newest letter, the newest first.
func threads(all []Letter) []thread {
	slices.SortStableFunc(all, func(a, b Letter) int { return cmp.Or(a.At.Compare(b.At), a.ID-b.ID) })
	g := &grouping{at: map[string]int{}}
	for _, l := range all {
		g.add(l)
	}
	list := slices.DeleteFunc(g.list, func(t thread) bool { return len(t) == 0 })
	slices.SortStableFunc(list, func(a, b thread) int { return b.newest().ID - a.newest().ID })
	return list
}

// grouping is the work of threads.
type grouping struct {
	list []thread
	at   map[string]int // the thread by an id that one of its letters has or refers to
}

func (g *grouping) add(l Letter) {
	ids, found := l.ids(), -1
	for _, id := range ids {
		switch i, ok := g.at[id]; {
		case !ok || i == found:
		case found < 0:
			found = i
		default:
			g.merge(found, i)
		}
	}
	if found < 0 {
		g.list, found = append(g.list, nil), len(g.list)
	}
	for _, id := range ids {
		g.at[id] = found
	}
	switch i := g.list[found].copyOf(l); {
	case i < 0:
		g.list[found] = append(g.list[found], l)
	case l.Box == inbox:
		g.list[found][i] = l
	}
}

// merge makes one of two threads, for a letter refers to both.
func (g *grouping) merge(into, from int) {
	g.list[into] = append(g.list[into], g.list[from]...)
	slices.SortStableFunc(g.list[into], func(a, b Letter) int { return a.ID - b.ID })
	g.list[from] = nil
	for id, i := range g.at {
		if i == from {
			g.at[id] = into
		}
	}
}

func (t thread) newest() Letter { return t[len(t)-1] }

// copyOf is where the same letter is already: who writes to themselves has it twice. -1 when it is not.
func (t thread) copyOf(l Letter) int {
	return slices.IndexFunc(t, func(o Letter) bool { return l.MessageID() != "" && o.MessageID() == l.MessageID() && o.Box != l.Box })
}

// messageID matches one id in a field.
var messageID = regexp.MustCompile(`<[^<>\s]+>`)

// ids are the letter's own id and those that it refers to.
func (l Letter) ids() []string {
	ids := messageID.FindAllString(strings.Join([]string{l.MessageID(), l.Header("In-Reply-To"), l.Header("References")}, " "), -1)
	if len(ids) == 0 {
		return []string{"letter " + strconv.Itoa(l.ID)}
	}
	return ids
}
