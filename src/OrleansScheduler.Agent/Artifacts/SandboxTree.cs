namespace OrleansScheduler.Agent;

/// <summary>Puts files into a sandbox in which no task runs yet, whatever they are called and whatever links lie there already.</summary>
/// <remarks>
/// No directory on the way to a file is a link, so a path of plain names stays inside. Links may only point to where such a path leads:
/// up over directories that are none themselves, then down. A <c>..</c> behind a name is refused, since that name may be a link later on.
/// </remarks>
internal sealed class SandboxTree(string sandbox, string directory, ArchiveBudget? budget, CancellationToken cancellationToken)
{
    private const int BufferSize = 128 * 1024;
    private const UnixFileMode Permissions = (UnixFileMode)0x1FF;
    private readonly HashSet<string> _entered = new(StringComparer.Ordinal) { sandbox };
    private readonly Dictionary<string, UnixFileMode> _modes = new(StringComparer.Ordinal);
    private readonly byte[] _buffer = new byte[BufferSize];

    /// <summary>Makes a directory.</summary>
    public void MakeDirectory(string path, UnixFileMode mode)
    {
        budget?.Entry();
        var full = Place(path);
        Enter(full, path);

        // Set at the end: what comes into it must still be writable, also for an agent that is not root.
        if (full != sandbox) _modes[full] = (mode & Permissions)
            | UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    }

    /// <summary>Writes a file, in the place of one that is there.</summary>
    public void WriteFile(string path, Stream content, UnixFileMode mode)
    {
        budget?.Entry();
        var full = Free(path);
        using var file = new FileStream(full, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (int read; (read = content.Read(_buffer)) > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            budget?.Write(read);
            file.Write(_buffer, 0, read);
        }

        File.SetUnixFileMode(file.SafeFileHandle, mode & Permissions);
    }

    /// <summary>Makes a symbolic link.</summary>
    public void Link(string path, string target)
    {
        budget?.Entry();
        var parts = target.Split('/');
        var up = parts.TakeWhile(part => part is ".." or ".").Count(part => part is "..");
        var isPlain = parts.SkipWhile(part => part is ".." or ".").All(part => part is not "..");
        var depth = Parts(path).Length - 1;
        if (target.Length == 0 || target.StartsWith('/') || !isPlain || up > depth)
            throw ArtifactFailure.Outside(path, "it is a link that may point outside");
        File.CreateSymbolicLink(Free(path), target);
    }

    /// <summary>Makes a second name for a file of the sandbox. It becomes a file of its own.</summary>
    public void Copy(string path, string target)
    {
        var from = Place(target);
        var info = new FileInfo(from);
        if (!info.Exists || info.LinkTarget is not null || info.Attributes.HasFlag(FileAttributes.Directory))
            throw ArtifactFailure.Outside(path, "it is a hard link to what is no file of the archive");
        using var content = File.OpenRead(from);
        WriteFile(path, content, File.GetUnixFileMode(content.SafeFileHandle));
    }

    /// <summary>Gives directories the permissions that they are to have.</summary>
    public void Close()
    {
        foreach (var (full, mode) in _modes) File.SetUnixFileMode(full, mode);
    }

    private string[] Parts(string path)
    {
        if (!ArtifactRules.IsInside(path)) throw ArtifactFailure.Outside(path, "its name leads outside");
        return [.. directory.Split('/').Concat(path.Split('/')).Where(part => part is not ("" or "."))];
    }

    private string Place(string path)
    {
        var parts = Parts(path);
        var at = sandbox;
        foreach (var part in parts.SkipLast(1))
        {
            at = Path.Combine(at, part);
            if (Enter(at, path)) budget?.Entry();
        }

        return parts is [.., var name] ? Path.Combine(at, name) : sandbox;
    }

    /// <summary>The path of something that is not there, or no longer.</summary>
    private string Free(string path)
    {
        var full = Place(path);
        var there = new FileInfo(full);
        if (there.LinkTarget is null && (Directory.Exists(full) || full == sandbox))
            throw ArtifactFailure.NotWritten($"The directory '{path}' is in the way of a file.");
        if (there.LinkTarget is not null || there.Exists) File.Delete(full);
        return full;
    }

    /// <summary>Makes sure that a directory is there and no link; true when it had to be made.</summary>
    private bool Enter(string full, string path)
    {
        if (_entered.Contains(full)) return false;
        var info = new DirectoryInfo(full);
        if (info.LinkTarget is not null) throw ArtifactFailure.Outside(path, "its name leads over a link");
        if (File.Exists(full)) throw ArtifactFailure.NotWritten($"A file is in the way of '{path}'.");
        var isNew = !info.Exists;
        if (isNew) Directory.CreateDirectory(full);
        _entered.Add(full);
        return isNew;
    }
}
