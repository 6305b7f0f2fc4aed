package config

import (
	"fmt"
	"time"

	"signoff/internal/source"
)

// Limits say when a rule writes to people so much that it is paused.
type Limits struct {
	Minute int // messages within a minute; 0: never
	Hour   int // and within an hour
	Times  int // and so many times what is usual
	Pause  time.Duration
}

const longestPause = 30 * 24 // hours

func limitsShape() source.Shape {
	return source.Shape{Of: "limits", Doc: "A rule that suddenly writes to people far more than usual is paused, and triage is asked.", Keys: []source.Key{
		{Name: "messages_a_minute", Form: source.Whole(0), Doc: "So many messages of one rule within a minute are a burst; 0 switches the watch off.", Examples: []string{"30"}},
		{Name: "messages_an_hour", Form: source.Whole(1), Doc: "Up to so many within an hour a burst is let be.", Examples: []string{"300"}},
		{Name: "times_usual", Form: source.Whole(1), Doc: "Up to so many times what its busiest hours have, too.", Examples: []string{"5"}},
		{Name: "pause", Form: source.Like(`^ *[0-9]+ *hours? *$`), Doc: "How long it is paused where nobody answers.", Examples: []string{"2 hours"}},
	}}
}

func (l *loader) limits(n *source.Node) {
	l.c.Limits = Limits{Minute: 30, Hour: 300, Times: 5, Pause: 2 * time.Hour}
	if n == nil || !l.Map(n, limitsShape()) {
		return
	}
	for _, one := range []struct {
		key   string
		into  *int
		least int
	}{{"messages_a_minute", &l.c.Limits.Minute, 0}, {"messages_an_hour", &l.c.Limits.Hour, 1}, {"times_usual", &l.c.Limits.Times, 1}} {
		v, ok := l.Int(n.Key(one.key))
		switch {
		case ok && v < one.least:
			l.Wrong(n.Key(one.key), fmt.Sprintf("a number from %d on", one.least))
		case ok:
			*one.into = v
		}
	}
	s, ok := l.Text(n.Key("pause"))
	if !ok {
		return
	}
	var hours int
	if _, err := fmt.Sscanf(s, "%d hour", &hours); err != nil || hours < 1 || hours > longestPause {
		l.Wrong(n.Key("pause"), fmt.Sprintf(`1 to %d hours such as "2 hours"`, longestPause))
		return
	}
	l.c.Limits.Pause = time.Duration(hours) * time.Hour
}
