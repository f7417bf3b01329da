using System.Collections.Immutable;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Compiler.Model;

/// <summary>A claim of an object to a path of a host of a listener, which becomes a path entry of the table if it holds.</summary>
/// <param name="Subject">The object that makes the claim.</param>
/// <param name="Listener">The name of the listener, such as <see cref="IngressListeners.Http"/>.</param>
/// <param name="Host">The host in lower case; empty for any host.</param>
internal sealed record PathClaim(ObjectKey Subject, string Listener, string Host, PathMatch Path, RouteOrigin Origin, RouteSet Routes)
{
    /// <summary>
    /// Whether the claim gives way to each claim of the same path that does not, whether that of an older object or of a younger one.
    /// </summary>
    public bool Yields { get; init; }

    /// <summary>Whether the claim is for requests that match no other path. It loses a host that another object closes.</summary>
    public bool IsFallback { get; init; }

    public PathEntry ToEntry() => new() { Path = Path, Origin = Origin, Routes = Routes.List };
}

/// <summary>
/// Decides about the requests for a host that match no path: they are redirected, or they match no route. Neither a wider host nor a
/// fallback of another object serves them. The first object that makes a statement about a host decides.
/// </summary>
/// <param name="Host">The host, which is not empty.</param>
/// <param name="Because">The clause of messages that says why the object closes the host, such as <c>lists the host under tls</c>.</param>
/// <param name="Rest">The claim for all of these requests; null when they get no route.</param>
internal sealed record HostClosing(ObjectKey Subject, string Listener, string Host, string Because, PathClaim? Rest);

/// <summary>
/// The routes of one backend, before they are in a table. All claims that lead to the backend share one set. The index for the matcher is
/// made only when a table needs it, because diagnostics are found without it.
/// </summary>
/// <param name="name">The name, which is unique in a table.</param>
/// <param name="routes">The routes, in the order in which those of the same path are tried.</param>
internal sealed class RouteSet(string name, ImmutableArray<Route> routes)
{
    private RouteList? _list;

    public ImmutableArray<Route> All => routes;

    public RouteList List => _list ??= new RouteList(name, routes);
}

/// <summary>Names objects in messages.</summary>
internal static class ObjectWords
{
    /// <summary>Returns <c>Ingress namespace/name</c>.</summary>
    public static string Of(ObjectKey key) => $"{key.Kind} {key.Namespace}/{key.Name}";

    /// <summary>Returns <c>an Ingress of another namespace</c>, for readers who may not know which one.</summary>
    public static string OfAnotherNamespace(string kind) =>
        $"{("AEIOUH".Contains(kind[0], StringComparison.Ordinal) ? "an" : "a")} {kind} of another namespace";
}
