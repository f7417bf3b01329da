namespace Turnpike.IngressProxy.Admin;

internal readonly record struct AdminPage(int Status, string ContentType, ReadOnlyMemory<byte> Body);

/// <summary>What a listener shows. Everything is read-only.</summary>
internal interface IPages
{
    AdminPage Get(string method, string path, string query);
}
