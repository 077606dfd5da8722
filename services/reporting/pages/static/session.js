// A link of `./tungnha dashboard` carries the token behind "#", which never leaves the browser: it is posted, and the
// address forgets it at once.
"use strict";
const form = document.getElementById("sign-in");
const token = new URLSearchParams(location.hash.slice(1)).get("token");
if (form && token) {
  history.replaceState(null, "", location.pathname + location.search);
  form.elements.token.value = token;
  form.querySelector("button").textContent = form.dataset.busy;
  form.submit();
}
