using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace OrleansScheduler.Gateway;

/// <summary>Where a list goes on: the last key of the page before, in a form that nobody is tempted to make up.</summary>
internal static class PageToken
{
    private const int MaxLength = 512;

    public static string Of(string lastKey) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(lastKey));

    public static bool TryRead(string token, [NotNullWhen(true)] out string? lastKey)
    {
        lastKey = null;
        if (token.Length is 0 or > MaxLength || !Base64Url.IsValid(token)) return false;
        lastKey = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token));
        return true;
    }
}
