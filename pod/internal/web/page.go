package web

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"strings"
)

//go:embed page.html
var page string

// pagePolicy allows the page its own script and style, by their hashes, and to
// ask this server; and the icon, without which a browser would ask for one.
var pagePolicy = policy(
	"script-src '"+hashOf("script")+"'",
	"style-src '"+hashOf("style")+"'",
	"connect-src 'self'",
	"img-src data:",
)

// hashOf is the source expression of the page's one element of that name.
func hashOf(element string) string {
	_, rest, _ := strings.Cut(page, "<"+element+">")
	text, _, _ := strings.Cut(rest, "</"+element+">")
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// Page serves the page, which reads status and events beside itself.
func Page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Security-Policy", pagePolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write([]byte(page))
}
