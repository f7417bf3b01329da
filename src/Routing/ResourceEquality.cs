using System.Collections.Immutable;

namespace Turnpike.Routing;

/// <summary>
/// Compares two resources by content. The records compare all that they hold; only their arrays, which compare by reference, are compared
/// here and then taken out of the comparison of the records. An array that is forgotten here therefore makes equal resources differ, which
/// costs a serialization and never loses a change.
/// </summary>
internal static class ResourceEquality
{
    public static bool AreEqual(ProxySettings left, ProxySettings right) =>
        AreEqual(left.TrustedCidrs, right.TrustedCidrs) && left with { TrustedCidrs = [] } == right with { TrustedCidrs = [] };

    public static bool AreEqual(Cluster left, Cluster right) =>
        AreEqual(left.Endpoints, right.Endpoints) && left with { Endpoints = [] } == right with { Endpoints = [] };

    public static bool AreEqual(Certificate left, Certificate right) =>
        AreEqual(left.Hosts, right.Hosts) && left with { Hosts = [] } == right with { Hosts = [] };

    /// <summary>Compares listeners without their virtual hosts, which are resources of their own.</summary>
    public static bool AreEqualWithoutHosts(Listener left, Listener right) =>
        left with { Hosts = VirtualHostSet.Empty } == right with { Hosts = VirtualHostSet.Empty };

    /// <summary>Compares hosts by the names of their lists of routes, which are resources of their own.</summary>
    public static bool AreEqual(VirtualHost left, VirtualHost right) =>
        left.Domain == right.Domain && left.Paths.AsSpan().SequenceEqual(right.Paths.AsSpan(), ByContent<PathEntry>.Of(AreEqual));

    public static bool AreEqual(RouteList left, RouteList right) =>
        ReferenceEquals(left, right)
        || (left.Name == right.Name && left.All.AsSpan().SequenceEqual(right.All.AsSpan(), ByContent<Route>.Of(AreEqual)));

    private static bool AreEqual(PathEntry left, PathEntry right) =>
        left.Routes.Name == right.Routes.Name && left with { Routes = RouteList.Empty } == right with { Routes = RouteList.Empty };

    private static bool AreEqual(Route left, Route right) =>
        AreEqual(left.Conditions, right.Conditions)
        && AreEqual(left.Targets, right.Targets)
        && AreEqual(left.AppendHeaders, right.AppendHeaders)
        && (ReferenceEquals(left.Cors, right.Cors) || (left.Cors is not null && right.Cors is not null && AreEqual(left.Cors, right.Cors)))
        && WithoutArrays(left) == WithoutArrays(right);

    private static bool AreEqual(CorsAction left, CorsAction right) =>
        AreEqual(left.AllowOrigins, right.AllowOrigins)
        && AreEqual(left.AllowMethods, right.AllowMethods)
        && AreEqual(left.AllowHeaders, right.AllowHeaders)
        && AreEqual(left.ExposeHeaders, right.ExposeHeaders)
        && WithoutArrays(left) == WithoutArrays(right);

    private static Route WithoutArrays(Route route) => route with { Conditions = [], Targets = [], AppendHeaders = [], Cors = null };

    private static CorsAction WithoutArrays(CorsAction cors) =>
        cors with { AllowOrigins = [], AllowMethods = [], AllowHeaders = [], ExposeHeaders = [] };

    // A default array and an empty one are different in JSON.
    private static bool AreEqual<T>(ImmutableArray<T> left, ImmutableArray<T> right) =>
        left.IsDefault == right.IsDefault && left.AsSpan().SequenceEqual(right.AsSpan());

    private sealed class ByContent<T>(Func<T, T, bool> areEqual) : IEqualityComparer<T>
    {
        public static ByContent<T> Of(Func<T, T, bool> areEqual) => new(areEqual);

        public bool Equals(T? x, T? y) => ReferenceEquals(x, y) || (x is not null && y is not null && areEqual(x, y));

        public int GetHashCode(T obj) => 0;
    }
}
