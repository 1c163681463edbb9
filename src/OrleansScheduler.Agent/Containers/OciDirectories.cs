namespace OrleansScheduler.Agent;

/// <summary>Where the parts of a container of the driver <c>oci</c> lie in its attempt's directory.</summary>
internal readonly record struct OciDirectories(AttemptDirectory Attempt)
{
    /// <summary>Holds <c>config.json</c> and the runtime's log.</summary>
    public string Bundle => Path.Combine(Attempt.Root, "bundle");

    /// <summary>Holds what the container writes over its image, and the place where both are mounted together.</summary>
    public string Layer => Path.Combine(Attempt.Root, "layer");

    /// <summary>Where image and layer are mounted together.</summary>
    public string Root => Path.Combine(Layer, "root");

    /// <summary>A link to the unpacked image.</summary>
    public string Image => Path.Combine(Attempt.Root, "image.root");

    /// <summary>Makes them.</summary>
    public void Create(string image)
    {
        Directory.CreateDirectory(Bundle);
        foreach (var part in (string[])["upper", "work", "root"]) Directory.CreateDirectory(Path.Combine(Layer, part));
        File.Delete(Image);
        File.CreateSymbolicLink(Image, image);
    }
}
