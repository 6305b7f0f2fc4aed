package storetest

import (
	"errors"
	"fmt"
	"signoff/internal/flow"
	"signoff/internal/store"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func testSeen(t *testing.T, open Open) {
	s := open(t, "seen", newClock().layout())
	until := start.Add(30 * 24 * time.Hour)
	see := func(value string) (first string, seen bool) {
		update(t, s, func(tx store.Tx) error {
			var err error
			first, seen, err = tx.Seen("slack/Ev1", value, until)
			return err
		})
		return first, seen
	}
	if _, seen := see("a"); seen {
		t.Error("a new key was seen")
	}
	if first, seen := see("b"); !seen || first != "a" {
		t.Errorf("Seen again = %q, %v, want the first value and true", first, seen)
	}
	expire := func(now time.Time) (n int) {
		update(t, s, func(tx store.Tx) error { var err error; n, err = tx.Expire(now, 100); return err })
		return n
	}
	if n := expire(until.Add(-time.Second)); n != 0 {
		t.Errorf("%d keys expired before their time", n)
	}
	if n := expire(until.Add(time.Second)); n != 1 {
		t.Errorf("%d keys expired after their time, want 1", n)
	}
	if _, seen := see("c"); seen {
		t.Error("an expired key was seen")
	}
}

func delivery(i int, state flow.DeliveryState) flow.Delivery {
	return flow.Delivery{
		ID: fmt.Sprintf("slack/Ev%d", i), Instance: "slack", Kind: "event:app_mention", At: start.Add(time.Duration(i) * time.Second),
		Body: []byte{0, 1, 2, byte(i)}, Hash: "h", State: state,
	}
}

func testDeliveries(t *testing.T, open Open) {
	s := open(t, "deliveries", newClock().layout())
	update(t, s, func(tx store.Tx) error {
		for i := range 5 {
			if err := tx.PutDelivery(delivery(i, flow.Waiting)); err != nil {
				return err
			}
		}
		return errors.Join(tx.SetDelivery("slack/Ev1", flow.Done, ""), tx.SetDelivery("slack/Ev2", flow.Dead, "no such stage"),
			tx.SetDelivery("slack/Ev4", flow.Held, "nobody knows its sender"))
	})
	d := delivery(3, flow.Waiting)
	d.Learned = []byte(`{"name":"Maya"}`)
	update(t, s, func(tx store.Tx) error { return tx.PutDelivery(d) })
	view(t, s, func(tx store.Tx) error {
		got, ok, err := tx.Delivery("slack/Ev3")
		if diff := cmp.Diff(d, got); diff != "" || !ok || err != nil {
			t.Errorf("Delivery: %v %v (-want +got)\n%s", ok, err, diff)
		}
		if dead, _, _ := tx.Delivery("slack/Ev2"); dead.Why != "no such stage" {
			t.Errorf("dead delivery's why = %q", dead.Why)
		}
		for state, want := range map[flow.DeliveryState]string{
			"": "43210", flow.Waiting: "30", flow.Done: "1", flow.Dead: "2", flow.Held: "4", flow.Malformed: "",
		} {
			if got := ids(t, tx, store.DeliveryQuery{State: state, Limit: 2}); got != want {
				t.Errorf("deliveries %q = %s, want %s (newest first)", state, got, want)
			}
		}
		n, err := tx.CountDeliveries()
		if want := map[flow.DeliveryState]int{flow.Waiting: 2, flow.Done: 1, flow.Dead: 1, flow.Held: 1}; !cmp.Equal(n, want) || err != nil {
			t.Errorf("CountDeliveries = %v, %v, want %v", n, err, want)
		}
		return nil
	})
	update(t, s, func(tx store.Tx) error {
		n, err := tx.DropDeliveries(start.Add(time.Minute), 100)
		if n != 3 {
			t.Errorf("dropped %d deliveries, want the 3 that do not wait for us", n)
		}
		return err
	})
}

func ids(t *testing.T, tx store.Tx, q store.DeliveryQuery) string {
	t.Helper()
	var out strings.Builder
	for {
		list, next, err := tx.Deliveries(q)
		if err != nil {
			t.Fatalf("Deliveries: %v", err)
		}
		for _, d := range list {
			out.WriteString(strings.TrimPrefix(d.ID, "slack/Ev"))
		}
		if next == "" {
			return out.String()
		}
		q.After = next
	}
}

func request(i int, version int64) flow.Request {
	return flow.Request{ID: flow.RequestID(fmt.Sprintf("CR-%d", i)), Version: version, Status: flow.InReview, Title: "Spring banner"}
}

func testRequests(t *testing.T, open Open) {
	s := open(t, "requests", newClock().layout())
	for i := 1; i <= 5; i++ {
		update(t, s, func(tx store.Tx) error {
			terms := []string{"status:in_review", fmt.Sprintf("odd:%v", i%2 == 1), fmt.Sprintf("ref:%d", i)}
			return tx.PutRequest(request(i, 1), terms)
		})
	}
	update(t, s, func(tx store.Tx) error { return tx.PutRequest(request(3, 2), []string{"status:approved", "odd:true"}) })
	view(t, s, func(tx store.Tx) error {
		for want, terms := range map[string][]string{
			"5 4 3 2 1": nil, "5 4 2 1": {"status:in_review"}, "5 1": {"status:in_review", "odd:true"},
			"3": {"status:approved"}, "": {"ref:3"}, "2": {"ref:2"},
		} {
			if got := requestIDs(t, tx, terms); got != want {
				t.Errorf("requests with %q = %q, want %q", terms, got, want)
			}
		}
		if n, err := tx.CountRequests("status:in_review"); n != 4 || err != nil {
			t.Errorf("CountRequests = %d, %v, want 4", n, err)
		}
		r, ok, err := tx.Request("CR-3")
		if diff := cmp.Diff(request(3, 2), r); diff != "" || !ok || err != nil {
			t.Errorf("Request: %v %v (-want +got)\n%s", ok, err, diff)
		}
		return nil
	})
}

func requestIDs(t *testing.T, tx store.Tx, terms []string) string {
	t.Helper()
	var out []string
	q := store.Query{Terms: terms, Limit: 2}
	for {
		list, next, err := tx.Requests(q)
		if err != nil {
			t.Fatalf("Requests: %v", err)
		}
		for _, r := range list {
			out = append(out, strings.TrimPrefix(string(r.ID), "CR-"))
		}
		if next == "" {
			return strings.Join(out, " ")
		}
		q.After = next
	}
}

func testConflict(t *testing.T, open Open) {
	s := open(t, "conflict", newClock().layout())
	update(t, s, func(tx store.Tx) error { return tx.PutRequest(request(1, 1), nil) })
	runs := 0
	err := s.Update(t.Context(), func(tx store.Tx) error { runs++; return tx.PutRequest(request(1, 1), nil) })
	if !errors.Is(err, store.ErrConflict) || runs < 2 {
		t.Errorf("a stale version: %v after %d runs, want ErrConflict after several", err, runs)
	}
}

func testRecords(t *testing.T, open Open) {
	s := open(t, "records", newClock().layout())
	var want []flow.Record
	update(t, s, func(tx store.Tx) error {
		for i := range 6 {
			r := flow.Record{Request: flow.RequestID(fmt.Sprintf("CR-%d", i%2)), Version: int64(i/2 + 1), Ruleset: "d"}
			seq, err := tx.Record(r)
			if err != nil {
				return err
			}
			r.Seq = seq
			want = append(want, r)
		}
		return nil
	})
	view(t, s, func(tx store.Tx) error {
		got, err := tx.History(0, 100)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("History: %v (-want +got)\n%s", err, diff)
		}
		if got, _ := tx.History(want[1].Seq, 2); !cmp.Equal(got, want[2:4]) {
			t.Errorf("History after the second, 2 = %v", got)
		}
		one, err := tx.Records("CR-1")
		if diff := cmp.Diff([]flow.Record{want[1], want[3], want[5]}, one); diff != "" || err != nil {
			t.Errorf("Records: %v (-want +got)\n%s", err, diff)
		}
		return nil
	})
}

func testRows(t *testing.T, open Open) {
	s := open(t, "rows", newClock().layout())
	update(t, s, func(tx store.Tx) error {
		for _, k := range []string{"b", "a", "ab", "c"} {
			if err := tx.PutRow("t", k, []byte("v"+k)); err != nil {
				return err
			}
		}
		return errors.Join(tx.PutRow("t2", "a", []byte("other")), tx.DeleteRow("t", "c"), tx.PutRow("t", "empty", nil))
	})
	scan := func(from, to string, n int) string {
		var got []string
		view(t, s, func(tx store.Tx) error {
			return tx.Rows("t", from, to, n, func(k string, v []byte) error { got = append(got, k); return nil })
		})
		return strings.Join(got, " ")
	}
	for want, args := range map[string][3]any{"a ab b empty": {"", "", 0}, "ab b": {"ab", "c", 0}, "a": {"", "", 1}} {
		if got := scan(args[0].(string), args[1].(string), args[2].(int)); got != want {
			t.Errorf("Rows%v = %q, want %q", args, got, want)
		}
	}
	view(t, s, func(tx store.Tx) error {
		if b, _ := tx.Row("t", "empty"); b == nil {
			t.Error("an empty value reads as absent")
		}
		return nil
	})
}

func testNotes(t *testing.T, open Open) {
	s := open(t, "notes", newClock().layout())
	update(t, s, func(tx store.Tx) error { return tx.PutRow("t", "old", []byte("kept")) })
	s.Note("t", "a", []byte("1"))
	s.Note("t", "old", nil)
	s.Note("t", "a", []byte("2"))
	if got := row(t, s, "t", "a") + row(t, s, "t", "old"); got != "2" {
		t.Errorf("noted rows read %q before any commit, want the newest and nothing of the deleted", got)
	}
	update(t, s, func(tx store.Tx) error {
		got, err := tx.Row("t", "a")
		if string(got) != "2" {
			t.Errorf("an Update after the note reads %q, want 2", got)
		}
		return errors.Join(err, tx.PutRow("t", "a", []byte("3")))
	})
	if got := row(t, s, "t", "a"); got != "3" {
		t.Errorf("a row put after the note reads %q, want 3", got)
	}
	var keys []string
	s.Note("t", "b", []byte("4"))
	view(t, s, func(tx store.Tx) error {
		return tx.Rows("t", "", "", 0, func(key string, value []byte) error {
			keys = append(keys, key+string(value))
			return nil
		})
	})
	if got := strings.Join(keys, " "); got != "a3 b4" {
		t.Errorf("rows with a noted one: %q, want a3 b4", got)
	}
}
