using System.Collections.Immutable;
using Turnpike.Routing;

namespace Turnpike.Compiler.Model;

/// <summary>A path of a host of a listener that an object claims, before it is a path entry of a table.</summary>
internal sealed record PathClaim(PathMatch Path, RouteOrigin Origin, RouteSet Routes)
{
    public PathEntry ToEntry() => new() { Path = Path, Origin = Origin, Routes = Routes.List };
}

/// <summary>
/// The routes of one backend, before they are in a table. All claims that lead to the backend share one set. The index that the matcher needs is made
/// when a table asks for it, because diagnostics are found without it.
/// </summary>
/// <param name="name">Unique in a table.</param>
/// <param name="routes">In the order in which routes of the same path are tried.</param>
internal sealed class RouteSet(string name, ImmutableArray<Route> routes)
{
    private RouteList? _list;

    public ImmutableArray<Route> All => routes;

    public RouteList List => _list ??= new RouteList(name, routes);
}
