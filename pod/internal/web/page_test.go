package web_test

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/internal/web"
)

// What the policy forbids is not in the page, and nothing makes markup of text.
func TestThePageIsSelfContained(t *testing.T) {
	w := httptest.NewRecorder()
	web.Page(w, nil)
	page := w.Body.String()
	require.Less(t, strings.Count(page, "\n"), 300)
	require.Equal(t, 1, strings.Count(page, "<script"))
	require.Equal(t, 1, strings.Count(page, "<style"))
	for _, bad := range []string{`\son\w+\s*=\s*"`, `\sstyle\s*=`, `innerHTML`, `outerHTML`, `insertAdjacent`, `document\.write`, `\beval\b`, `src\s*=`, `@import`, `url\(`, `https:`} {
		require.NotRegexp(t, regexp.MustCompile(bad), page)
	}
	for _, link := range regexp.MustCompile(`https?://[^\s"']*`).FindAllString(page, -1) {
		require.Equal(t, "http://www.w3.org/2000/svg", link, "a name, which nothing loads")
	}
	require.Regexp(t, `^default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; `+
		`script-src 'sha256-[A-Za-z0-9+/]{43}='; style-src 'sha256-[A-Za-z0-9+/]{43}='; connect-src 'self'; img-src data:$`,
		w.Header().Get("Content-Security-Policy"))
}
