package engine_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// TestDo_RefusedMailIsLikeOneThatCameBack: a mail that the server does not take is a problem of its request at once, in the
// same words as one that comes back later.
func TestDo_RefusedMailIsLikeOneThatCameBack(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.desk.set(func(o *outside) {
			o.fault = func(int, flow.Effect) error {
				return &connectors.Error{Op: "send mail", Class: connectors.Rejected, Person: "The mail server does not take mail to kim@agency.example: 550 no such user",
					Mail: &connectors.RefusedMail{Address: "kim@agency.example", Why: "550 no such user", Hard: true}}
			}
		})
		w.hook(ask("1", "Spring banner"))
		w.pass(time.Hour)
		d, err := w.engine.Request(context.Background(), "CR-1")
		must(t, err)
		want := "A mail to kim@agency.example could not be delivered: 550 no such user."
		if !slices.ContainsFunc(d.Request.Problems, func(p flow.Problem) bool { return p.Text == want }) || !slices.Contains(d.Request.Bounced, "kim@agency.example") {
			t.Errorf("problems %+v, bounced %v, want %q", d.Request.Problems, d.Request.Bounced, want)
		}
	})
}
