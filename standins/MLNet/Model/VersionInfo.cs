// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: which component wrote a model, in which version.
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

internal readonly struct VersionInfo
{
    public readonly ulong ModelSignature;
    public readonly uint VerWrittenCur;
    public readonly uint VerReadableCur;
    public readonly uint VerWeCanReadBack;
    public readonly string LoaderAssemblyName;
    public readonly string LoaderSignature;
    public readonly string LoaderSignatureAlt;

    public VersionInfo(
        string modelSignature,
        uint verWrittenCur,
        uint verReadableCur,
        uint verWeCanReadBack,
        string loaderAssemblyName,
        string loaderSignature = null,
        string loaderSignatureAlt = null)
    {
        if (modelSignature is not { Length: 8 })
            throw new InvalidOperationException("Model signature must be eight characters");
        for (var i = 0; i < modelSignature.Length; i++)
            ModelSignature |= (ulong)(modelSignature[i] == ' ' ? 0 : modelSignature[i] & 0xFF) << (8 * i);
        if (loaderSignature is { Length: > ModelHeader.LongestSignature } || loaderSignatureAlt is { Length: > ModelHeader.LongestSignature })
            throw new InvalidOperationException($"Loader signature must be at most {ModelHeader.LongestSignature} characters");
        VerWrittenCur = verWrittenCur;
        VerReadableCur = verReadableCur;
        VerWeCanReadBack = verWeCanReadBack;
        LoaderAssemblyName = loaderAssemblyName;
        LoaderSignature = loaderSignature;
        LoaderSignatureAlt = loaderSignatureAlt;
    }
}

/// <summary>Stands before every model in the archive. Its layout is the stand-in's own: models are not exchanged with real packages.</summary>
internal struct ModelHeader
{
    public const int LongestSignature = 24;
    public ulong ModelSignature;
    public uint ModelVerWritten;
    public uint ModelVerReadable;
    public string LoaderSignature;
    public string LoaderSignatureAlt;

    private const ulong Magic = 0x4E4F43_4C444F4DUL;

    public static ModelHeader Read(BinaryReader reader, out string loaderAssemblyName)
    {
        Contracts.CheckDecode(reader.ReadUInt64() == Magic, "Not a model file");
        var header = new ModelHeader
        {
            ModelSignature = reader.ReadUInt64(),
            ModelVerWritten = reader.ReadUInt32(),
            ModelVerReadable = reader.ReadUInt32(),
            LoaderSignature = reader.ReadString(),
            LoaderSignatureAlt = reader.ReadString(),
        };
        loaderAssemblyName = reader.ReadString();
        return header;
    }

    public readonly void Write(BinaryWriter writer, string loaderAssemblyName)
    {
        writer.Write(Magic);
        writer.Write(ModelSignature);
        writer.Write(ModelVerWritten);
        writer.Write(ModelVerReadable);
        writer.Write(LoaderSignature ?? "");
        writer.Write(LoaderSignatureAlt ?? "");
        writer.Write(loaderAssemblyName ?? "");
    }

    public readonly void Check(VersionInfo version)
    {
        Contracts.CheckDecode(ModelSignature == version.ModelSignature, "Unknown file type");
        Contracts.CheckDecode(ModelVerReadable <= ModelVerWritten, "Corrupt file header");
        Contracts.CheckDecode(
            ModelVerReadable <= version.VerWrittenCur,
            $"The component '{version.LoaderSignature}' of the model cannot be read, because the model is too new: expected at most version {version.VerWrittenCur}, got {ModelVerReadable}.");
        Contracts.CheckDecode(
            ModelVerWritten >= version.VerWeCanReadBack,
            $"The component '{version.LoaderSignature}' of the model cannot be read, because the model is too old: expected at least version {version.VerWeCanReadBack}, got {ModelVerWritten}.");
    }
}
