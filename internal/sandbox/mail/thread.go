package mail

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// thread is a conversation, the oldest letter first.
type thread []Letter

// threads puts letters together that refer to one another, in the order of their newest letter, the newest first.
func threads(all []Letter) []thread {
	slices.SortStableFunc(all, func(a, b Letter) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return a.ID - b.ID
	})
	var list []thread
	at := map[string]int{} // by an id that one of its letters has or refers to
	for _, l := range all {
		ids := l.ids()
		found := -1
		for _, id := range ids {
			if i, ok := at[id]; ok && found < 0 {
				found = i
			} else if ok && i != found { // this letter joins two conversations
				list[found] = append(list[found], list[i]...)
				list[i] = nil
				for id, j := range at {
					if j == i {
						at[id] = found
					}
				}
			}
		}
		if found < 0 {
			list, found = append(list, nil), len(list)
		}
		switch i := list[found].copyOf(l); {
		case i < 0:
			list[found] = append(list[found], l)
		case l.Box == inbox:
			list[found][i] = l
		}
		for _, id := range ids {
			at[id] = found
		}
	}
	list = slices.DeleteFunc(list, func(t thread) bool { return len(t) == 0 })
	slices.SortStableFunc(list, func(a, b thread) int { return b.newest().ID - a.newest().ID })
	return list
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
