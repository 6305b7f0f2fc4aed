package flow

// Fold is Step for whoever only wants to know what is decided: it shows and says nothing. What the request keeps of what
// is shown outside (Shows, Problems of showing it, files on their way) is not what Step would keep; all that is decided is.
func Fold(p Policy, r Request, ev Event, f Facts) (Request, []Reason) {
	s := begin(p, r, ev, f)
	s.blind = true
	if code, why := s.stays(); code != "" {
		return r, []Reason{{Code: code, Text: why}}
	}
	s.advance()
	return *s.r, s.why
}
