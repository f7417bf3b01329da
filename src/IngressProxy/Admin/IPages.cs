namespace Turnpike.IngressProxy.Admin;

internal readonly record struct AdminPage(int Status, string ContentType, ReadOnlyMemory<byte> Body);

/// <summary>The pages of a listener. All of them are read-only.</summary>
internal interface IPages
{
    AdminPage Get(string method, string path, string query);
}
