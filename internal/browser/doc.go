// Package browser looks at pages with Chromium, in the tests of other packages.
package browser
