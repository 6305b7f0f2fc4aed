package layout

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"signoff/internal/flow"
	"signoff/internal/store"
)

// kept is what stands before a request in its table, so that writing it again need not read it.
type kept struct {
	Order   uint64   `json:"order"` // opening order
	Version int64    `json:"version"`
	Terms   []string `json:"terms"`
}

// everyone is the term that every request has, for lists without a condition.
const everyone = ""

// kept reads what stands before a request, and the request itself as bytes.
func (t *Tx) kept(id flow.RequestID) (k kept, request []byte, err error) {
	b := t.kv.Get(requests, []byte(id))
	if b == nil {
		return k, nil, nil
	}
	parts, err := openParts(b, 2)
	if err == nil {
		err = json.Unmarshal(parts[0], &k)
	}
	if err != nil {
		return k, nil, fmt.Errorf("request %s: %w", id, err)
	}
	return k, parts[1], nil
}

// Request implements store.Tx.
func (t *Tx) Request(id flow.RequestID) (r flow.Request, ok bool, err error) {
	_, b, err := t.kept(id)
	if err != nil || b == nil {
		return r, false, err
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return r, false, fmt.Errorf("request %s: %w", id, err)
	}
	return r, true, nil
}

// PutRequest implements store.Tx.
func (t *Tx) PutRequest(r flow.Request, newTerms []string) error {
	k, was, err := t.kept(r.ID)
	if err != nil {
		return err
	}
	if k.Version != r.Version-1 {
		return store.ErrConflict
	}
	if was == nil {
		if k.Order, err = t.Seq("opening order"); err != nil {
			return err
		}
	}
	newTerms = sortedTerms(newTerms)
	if err := t.reindex(r.ID, k, newTerms); err != nil {
		return err
	}
	k.Terms, k.Version = newTerms, r.Version
	head, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("write request %s: %w", r.ID, err)
	}
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write request %s: %w", r.ID, err)
	}
	return t.kv.Put(requests, []byte(r.ID), sealParts(head, body))
}

func sortedTerms(in []string) []string {
	out := append([]string{everyone}, in...)
	slices.Sort(out)
	return slices.Compact(out)
}

func (t *Tx) reindex(id flow.RequestID, k kept, newTerms []string) error {
	for _, term := range k.Terms {
		if _, stays := slices.BinarySearch(newTerms, term); stays {
			continue
		}
		n, err := t.CountRequests(term)
		if err != nil {
			return err
		}
		if err := t.kv.Delete(terms, termKey(term, k.Order)); err != nil {
			return err
		}
		if err := t.countTerm(term, n, n-1); err != nil {
			return err
		}
	}
	for _, term := range newTerms {
		if _, was := slices.BinarySearch(k.Terms, term); was {
			continue
		}
		n, err := t.CountRequests(term)
		if err != nil {
			return err
		}
		if err := t.kv.Put(terms, termKey(term, k.Order), []byte(id)); err != nil {
			return err
		}
		if err := t.countTerm(term, n, n+1); err != nil {
			return err
		}
	}
	return nil
}

// termKey orders a term's requests newest first.
func termKey(term string, order uint64) []byte { return join(word(term), number(^order)) }

// countTerm notes that a term has one request more or fewer. Most terms name one thing and have one request: only from
// two on a number is written.
func (t *Tx) countTerm(term string, before, after int) error {
	switch {
	case after > 1:
		return t.kv.Put(termCounts, word(term), number(uint64(after)))
	case before > 1:
		return t.kv.Delete(termCounts, word(term))
	}
	return nil
}

// CountRequests implements store.Tx.
func (t *Tx) CountRequests(term string) (int, error) {
	if b := t.kv.Get(termCounts, word(term)); len(b) == 8 {
		return int(binary.BigEndian.Uint64(b)), nil
	}
	prefix := word(term)
	one := 0
	t.kv.Ascend(terms, prefix, after(prefix), func(_, _ []byte) bool { one = 1; return false })
	return one, nil
}

// Requests implements store.Tx. It walks the rarest of the terms and looks the others up.
func (t *Tx) Requests(q store.Query) ([]flow.Request, string, error) {
	rarest, err := t.rarest(q.Terms)
	if err != nil {
		return nil, "", err
	}
	prefix := word(rarest)
	from := prefix
	if q.After != "" {
		cursor, err := hex.DecodeString(q.After)
		if err != nil {
			return nil, "", fmt.Errorf("page cursor %q: %w", q.After, err)
		}
		from = join(prefix, cursor, []byte{0}) // the next key after the cursor
	}
	var ids []string
	var last []byte
	more := false
	t.kv.Ascend(terms, from, after(prefix), func(k, id []byte) bool {
		order := k[len(prefix):]
		if !t.hasAll(q.Terms, order) {
			return true
		}
		if len(ids) == limit(q.Limit) {
			more = true
			return false
		}
		ids, last = append(ids, string(id)), clone(order)
		return true
	})
	list := make([]flow.Request, 0, len(ids))
	for _, id := range ids {
		r, _, err := t.Request(flow.RequestID(id))
		if err != nil {
			return nil, "", err
		}
		list = append(list, r)
	}
	if more {
		return list, hex.EncodeToString(last), nil
	}
	return list, "", nil
}

func (t *Tx) rarest(want []string) (string, error) {
	best, least := everyone, -1
	for _, term := range want {
		n, err := t.CountRequests(term)
		if err != nil {
			return "", err
		}
		if least < 0 || n < least {
			best, least = term, n
		}
	}
	return best, nil
}

func (t *Tx) hasAll(want []string, order []byte) bool {
	for _, term := range want {
		if t.kv.Get(terms, join(word(term), order)) == nil {
			return false
		}
	}
	return true
}

func recordKey(id flow.RequestID, version int64) []byte {
	return join(word(string(id)), number(uint64(version)))
}

// Record implements store.Tx.
func (t *Tx) Record(r flow.Record) (uint64, error) {
	seq, err := t.Seq("record")
	if err != nil {
		return 0, err
	}
	r.Seq = seq
	v, err := sealJSON(r)
	if err != nil {
		return 0, fmt.Errorf("write record %s/%d: %w", r.Request, r.Version, err)
	}
	key := recordKey(r.Request, r.Version)
	if err := t.kv.Put(records, key, v); err != nil {
		return 0, err
	}
	return seq, t.kv.Put(history, number(seq), key)
}

// Records implements store.Tx.
func (t *Tx) Records(id flow.RequestID) ([]flow.Record, error) {
	var list []flow.Record
	var err error
	prefix := word(string(id))
	t.kv.Ascend(records, prefix, after(prefix), func(k, v []byte) bool {
		var r flow.Record
		if err = openJSON(v, &r); err != nil {
			err = fmt.Errorf("record %s/%d: %w", id, binary.BigEndian.Uint64(k[len(prefix):]), err)
			return false
		}
		list = append(list, r)
		return true
	})
	return list, err
}

// History implements store.Tx.
func (t *Tx) History(afterSeq uint64, n int) ([]flow.Record, error) {
	var list []flow.Record
	var err error
	t.kv.Ascend(history, number(afterSeq+1), nil, func(_, key []byte) bool {
		var r flow.Record
		if err = openJSON(t.kv.Get(records, key), &r); err != nil {
			return false
		}
		list = append(list, r)
		return len(list) < n
	})
	return list, err
}
