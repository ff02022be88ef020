// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: files named by a text column become images, or their bytes.
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.Data;

public sealed class ImageLoadingEstimator : TrivialEstimator<ImageLoadingTransformer>
{
    internal ImageLoadingEstimator(IHostEnvironment env, string imageFolder, bool asImage, (string outputColumnName, string inputColumnName)[] columns)
        : base(env.Register(nameof(ImageLoadingEstimator)), new ImageLoadingTransformer(env, imageFolder, asImage, columns))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Contracts.CheckValue(inputSchema, nameof(inputSchema));
        return inputSchema.With(Transformer.Columns.Select(pair =>
        {
            var column = inputSchema.Find(pair.inputColumnName);
            if (column.ItemType is not TextDataViewType || column.Kind != SchemaShape.Column.VectorKind.Scalar)
                throw Contracts.SchemaMismatch(nameof(inputSchema), "input", column.Name, TextDataViewType.Instance.ToString(), column.GetTypeString());
            return Transformer.AsImage
                ? new SchemaShape.Column(pair.outputColumnName, SchemaShape.Column.VectorKind.Scalar, new ImageDataViewType(), false)
                : new SchemaShape.Column(pair.outputColumnName, SchemaShape.Column.VectorKind.VariableVector, NumberDataViewType.Byte, false);
        }));
    }
}

public sealed class ImageLoadingTransformer : OneToOneTransformerBase
{
    public readonly string ImageFolder;
    internal const string LoaderSignature = "ImageLoaderTransform";

    internal ImageLoadingTransformer(IHostEnvironment env, string imageFolder, bool asImage, (string outputColumnName, string inputColumnName)[] columns)
        : base(env.Register(nameof(ImageLoadingTransformer)), columns)
    {
        ImageFolder = FullPath(imageFolder);
        AsImage = asImage;
    }

    private ImageLoadingTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx)
    {
        var folder = ctx.Reader.ReadString();
        ImageFolder = folder.Length > 0 ? folder : null;
        AsImage = ctx.Reader.ReadBoolean();
    }

    internal bool AsImage { get; }

    internal (string outputColumnName, string inputColumnName)[] Columns => ColumnPairs;

    private protected override AddedColumn MakeColumn(int index, string outputColumnName, DataViewSchema.Column input)
    {
        if (input.Type is not TextDataViewType)
            throw Contracts.SchemaMismatch("inputSchema", "input", input.Name, TextDataViewType.Instance.ToString(), input.Type.ToString());
        return AsImage
            ? new AddedColumn(outputColumnName, new ImageDataViewType(), null, [input.Index], row => ImageGetter(row, input.Index))
            : new AddedColumn(outputColumnName, new VectorDataViewType(NumberDataViewType.Byte), null, input, row => BytesGetter(row, input.Index));
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version());
        SaveColumns(ctx);
        ctx.Writer.Write(ImageFolder ?? "");
        ctx.Writer.Write(AsImage);
    }

    private static string FullPath(string folder)
    {
        if (string.IsNullOrEmpty(folder))
            return null;
        if (!Directory.Exists(folder))
            throw new ArgumentException($"Directory \"{folder}\" does not exist.");
        return Path.GetFullPath(folder);
    }

    private static ImageLoadingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return new ImageLoadingTransformer(env.Register(LoaderSignature), ctx);
    }

    private static VersionInfo Version() => new("IMGLOADR", 0x00010003, 0x00010003, 0x00010003, typeof(ImageLoadingTransformer).Assembly.FullName, LoaderSignature);

    // The image handed out last is disposed of when the next is asked for through the same variable, and with the row.
    private (Delegate, Action) ImageGetter(DataViewRow row, int input)
    {
        var getPath = row.GetGetter<ReadOnlyMemory<char>>(row.Schema[input]);
        ReadOnlyMemory<char> path = default;
        MLImage last = null;
        ValueGetter<MLImage> getter = (ref MLImage image) =>
        {
            image?.Dispose();
            image = null;
            getPath(ref path);
            if (path.Length > 0)
            {
                var file = PathOf(path);
                image = ImageFile.Decode(File.ReadAllBytes(file), "imageStream", $"Invalid input stream contents of '{file}'");
                image.Tag = file;
            }
            last = image;
        };
        return (getter, () => last?.Dispose());
    }

    private ValueGetter<VBuffer<byte>> BytesGetter(DataViewRow row, int input)
    {
        var getPath = row.GetGetter<ReadOnlyMemory<char>>(row.Schema[input]);
        ReadOnlyMemory<char> path = default;
        return (ref VBuffer<byte> bytes) =>
        {
            getPath(ref path);
            var file = path.Length > 0 ? File.ReadAllBytes(PathOf(path)) : [];
            bytes = new VBuffer<byte>(file.Length, file);
        };
    }

    private string PathOf(ReadOnlyMemory<char> path) => ImageFolder == null ? path.ToString() : Path.Combine(ImageFolder, path.ToString());
}
