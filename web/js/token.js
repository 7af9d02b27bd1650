/** The page's token stands in the fragment of its address, so that no server log ever holds it. */

/** @returns {string} the token, or an empty string */
export function tokenOfPage() {
  return new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
}

/** Trades the page's app token for a caller's token, which pays for one call. */
export async function callerToken(appToken) {
  const response = await fetch("/v1/tokens/caller", { method: "POST", headers: { Authorization: `Bearer ${appToken}` } });
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw { reason: problem.reason ?? `HTTP_${response.status}`, message: problem.detail ?? "The engine refused." };
  }
  return (await response.json()).token;
}
