package email

import "github.com/emersion/go-sasl"

// xoauth2 signs in with an OAuth token, as Microsoft and Google want it. When the token is not taken the server says why
// first and refuses after our empty answer.
type xoauth2 struct {
	user, token string
	refused     bool
}

var _ sasl.Client = (*xoauth2)(nil)

// Start implements sasl.Client.
func (x *xoauth2) Start() (mech string, ir []byte, err error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next implements sasl.Client.
func (x *xoauth2) Next([]byte) ([]byte, error) {
	x.refused = true
	return nil, nil
}
