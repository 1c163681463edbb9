namespace OrleansScheduler.Core;

/// <summary>Rules for the names of a task's ports, and the variable that each becomes.</summary>
public static class PortName
{
    /// <summary>Longest name, in characters.</summary>
    public const int MaxLength = 64;

    /// <summary>What a valid name looks like, in words for people.</summary>
    public const string Rule = "1 to 64 characters of A-Z, a-z, 0-9, '.', '_' or '-', starting with a letter";

    /// <summary>What the variable of every port starts with.</summary>
    public const string VariablePrefix = "PORT_";

    /// <summary>Whether a port may have this name.</summary>
    public static bool IsValid(string name)
    {
        if (name.Length is 0 or > MaxLength || !char.IsAsciiLetter(name[0])) return false;
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-')) return false;
        }

        return true;
    }

    /// <summary>The variable that holds the number of the port: <c>admin-http</c> becomes <c>PORT_ADMIN_HTTP</c>.</summary>
    public static string Variable(string name) => string.Create(VariablePrefix.Length + name.Length, name, static (variable, name) =>
    {
        VariablePrefix.CopyTo(variable);
        for (var i = 0; i < name.Length; i++)
            variable[VariablePrefix.Length + i] = char.IsAsciiLetterOrDigit(name[i]) ? char.ToUpperInvariant(name[i]) : '_';
    });
}
