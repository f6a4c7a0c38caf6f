// Keeps a published page's files, so that it works without a network once it was opened. VERSION and FILES come before.

const KEY = `digits ${registration.scope}`;

oninstall = (event) => {
  event.waitUntil(caches.open(`${KEY} ${VERSION}`).then((cache) => cache.addAll(["./", ...FILES])).then(() => skipWaiting()));
};

onactivate = (event) => {
  const isOld = (name) => name.startsWith(`${KEY} `) && name !== `${KEY} ${VERSION}`;
  const clean = caches.keys().then((names) => Promise.all(names.filter(isOld).map((name) => caches.delete(name))));
  event.waitUntil(clean.then(() => clients.claim()));
};

onfetch = (event) => {
  const isOurs = event.request.method === "GET" && event.request.url.startsWith(registration.scope);
  if (isOurs) event.respondWith(caches.match(event.request, { ignoreSearch: true }).then((kept) => kept ?? fetch(event.request)));
};
