//go:build !race

package email_test

const slow = 1
