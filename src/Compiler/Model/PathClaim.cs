using System.Collections.Immutable;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Compiler.Model;

/// <summary>A path of a host of a listener that an object claims, before it is a path entry of a table.</summary>
/// <param name="Subject">The object that claims it.</param>
/// <param name="Listener">The name of the listener, such as <see cref="IngressListeners.Http"/>.</param>
/// <param name="Host">In lower case; empty for any host.</param>
internal sealed record PathClaim(ObjectKey Subject, string Listener, string Host, PathMatch Path, RouteOrigin Origin, RouteSet Routes)
{
    /// <summary>Whether the claim gives way to whatever is served on the same path, be it of an older object or of a younger one.</summary>
    public bool Yields { get; init; }

    /// <summary>Whether the claim is for what no other path takes. It loses a host that another object closes.</summary>
    public bool IsFallback { get; init; }

    public PathEntry ToEntry() => new() { Path = Path, Origin = Origin, Routes = Routes.List };
}

/// <summary>
/// Says what becomes of the requests for a host that no path takes: they are redirected, or they get nothing. No wider host and no fallback
/// of another object has them. The first object that speaks of a host decides.
/// </summary>
/// <param name="Host">Not empty.</param>
/// <param name="Because">What the object does that closes the host, for messages: <c>lists the host under tls</c>.</param>
/// <param name="Rest">The claim of every path; null for nothing.</param>
internal sealed record HostClosing(ObjectKey Subject, string Listener, string Host, string Because, PathClaim? Rest);

/// <summary>
/// The routes of one backend, before they are in a table. All claims that lead to the backend share one set. The index that the matcher
/// needs is made when a table asks for it, because diagnostics are found without it.
/// </summary>
/// <param name="name">Unique in a table.</param>
/// <param name="routes">In the order in which routes of the same path are tried.</param>
internal sealed class RouteSet(string name, ImmutableArray<Route> routes)
{
    private RouteList? _list;

    public ImmutableArray<Route> All => routes;

    public RouteList List => _list ??= new RouteList(name, routes);
}

/// <summary>How messages speak of objects.</summary>
internal static class ObjectWords
{
    /// <summary><c>Ingress namespace/name</c>.</summary>
    public static string Of(ObjectKey key) => $"{key.Kind} {key.Namespace}/{key.Name}";

    /// <summary><c>an Ingress of another namespace</c>, for readers who may not know which.</summary>
    public static string OfAnotherNamespace(string kind) =>
        $"{("AEIOUH".Contains(kind[0], StringComparison.Ordinal) ? "an" : "a")} {kind} of another namespace";
}
