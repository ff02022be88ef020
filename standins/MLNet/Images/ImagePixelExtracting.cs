// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: images become vectors, plane by plane or pixel by pixel.
using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms.Image;

public sealed class ImagePixelExtractingEstimator : TrivialEstimator<ImagePixelExtractingTransformer>
{
    internal ImagePixelExtractingEstimator(IHostEnvironment env, string output, string input, ImagePixelExtractingTransformer.Extraction extraction)
        : base(env.Register(nameof(ImagePixelExtractingEstimator)), new ImagePixelExtractingTransformer(env, output, input, extraction))
    {
    }

    [Flags]
    public enum ColorBits : byte
    {
        Alpha = 1,
        Red = 2,
        Green = 4,
        Blue = 8,
        Rgb = Red | Green | Blue,
        All = Alpha | Red | Green | Blue,
    }

    public enum ColorsOrder : byte
    {
        ARGB = 1,
        ARBG = 2,
        ABRG = 3,
        ABGR = 4,
        AGRB = 5,
        AGBR = 6,
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Contracts.CheckValue(inputSchema, nameof(inputSchema));
        return inputSchema.With(Transformer.Columns.Select(pair =>
        {
            ImageEstimators.CheckImage(inputSchema.Find(pair.inputColumnName));
            return new SchemaShape.Column(pair.outputColumnName, SchemaShape.Column.VectorKind.Vector, Transformer.ItemType, false);
        }));
    }
}

public sealed class ImagePixelExtractingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "ImagePixelExtractor";
    private readonly Extraction _extraction;

    internal ImagePixelExtractingTransformer(IHostEnvironment env, string output, string input, Extraction extraction)
        : base(env.Register("ImagePixelExtractor"), (output, input))
    {
        Contracts.CheckParam(extraction.Planes > 0, "colorsToExtract", "Need to use at least one color plane.");
        Contracts.CheckParam(float.IsFinite(extraction.Offset), "offsetImage", "Must be finite");
        Contracts.CheckParam(float.IsFinite(extraction.Scale) && extraction.Scale != 0, "scaleImage", "Must be finite and not zero");
        // Bytes are taken as they are.
        _extraction = extraction.AsFloat ? extraction : extraction with { Offset = 0, Scale = 1 };
    }

    private ImagePixelExtractingTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx) =>
        _extraction = new Extraction(
            (ImagePixelExtractingEstimator.ColorBits)ctx.Reader.ReadByte(),
            (ImagePixelExtractingEstimator.ColorsOrder)ctx.Reader.ReadByte(),
            ctx.Reader.ReadBoolean(),
            ctx.Reader.ReadSingle(),
            ctx.Reader.ReadSingle(),
            ctx.Reader.ReadBoolean());

    internal (string outputColumnName, string inputColumnName)[] Columns => ColumnPairs;

    internal PrimitiveDataViewType ItemType => _extraction.AsFloat ? NumberDataViewType.Single : NumberDataViewType.Byte;

    private protected override AddedColumn MakeColumn(int index, string outputColumnName, DataViewSchema.Column input)
    {
        ImageEstimators.CheckImage(input);
        var image = (ImageDataViewType)input.Type;
        if (image.Height <= 0 || image.Width <= 0)
            throw Contracts.SchemaMismatch("inputSchema", "input", input.Name, "known-size image", "unknown-size image");
        var type = _extraction.Interleave
            ? new VectorDataViewType(ItemType, image.Height, image.Width, _extraction.Planes)
            : new VectorDataViewType(ItemType, _extraction.Planes, image.Height, image.Width);
        return new AddedColumn(outputColumnName, type, null, [input.Index], row =>
            _extraction.AsFloat ? Getter<float>(row, input.Index, image) : Getter<byte>(row, input.Index, image));
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version());
        SaveColumns(ctx);
        ctx.Writer.Write((byte)_extraction.Colors);
        ctx.Writer.Write((byte)_extraction.Order);
        ctx.Writer.Write(_extraction.Interleave);
        ctx.Writer.Write(_extraction.Offset);
        ctx.Writer.Write(_extraction.Scale);
        ctx.Writer.Write(_extraction.AsFloat);
    }

    private static ImagePixelExtractingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return new ImagePixelExtractingTransformer(env.Register(LoaderSignature), ctx);
    }

    private static VersionInfo Version() => new("IMGPXEXT", 0x00010003, 0x00010002, 0x00010002, typeof(ImagePixelExtractingTransformer).Assembly.FullName, LoaderSignature);

    private (Delegate, Action) Getter<T>(DataViewRow row, int input, ImageDataViewType type)
        where T : struct, INumber<T>
    {
        var getSource = row.GetGetter<MLImage>(row.Schema[input]);
        MLImage source = null;
        var pixelCount = type.Height * type.Width;
        var size = pixelCount * _extraction.Planes;
        ValueGetter<VBuffer<T>> getter = (ref VBuffer<T> destination) =>
        {
            getSource(ref source);
            if (source == null)
            {
                destination = new VBuffer<T>(size, 0, destination.RawValues ?? [], destination.RawIndices ?? []);
                return;
            }
            if (source.Height != type.Height || source.Width != type.Width)
                throw new InvalidOperationException($"Expected an image of {type.Width}×{type.Height}, got {source.Width}×{source.Height}.");
            var editor = VBufferEditor.Create(ref destination, size);
            var pixels = source.Pixels;
            var plane = 0;
            foreach (var offset in _extraction.ByteOffsets(source.PixelFormat))
            {
                var (at, step) = _extraction.Interleave ? (plane, _extraction.Planes) : (plane * pixelCount, 1);
                for (int i = 0, from = offset; i < pixelCount; i++, from += 4, at += step)
                {
                    editor.Values[at] = typeof(T) == typeof(float)
                        ? T.CreateTruncating((pixels[from] - _extraction.Offset) * _extraction.Scale)
                        : T.CreateTruncating(pixels[from]);
                }
                plane++;
            }
            destination = editor.Commit();
        };
        return (getter, () => source?.Dispose());
    }

    internal sealed record Extraction(
        ImagePixelExtractingEstimator.ColorBits Colors, ImagePixelExtractingEstimator.ColorsOrder Order, bool Interleave, float Offset, float Scale, bool AsFloat)
    {
        public int Planes => BitOperations.PopCount((uint)(Colors & ImagePixelExtractingEstimator.ColorBits.All));

        /// <summary>For each plane in the order of extraction, where its byte is within a pixel.</summary>
        public IEnumerable<int> ByteOffsets(MLPixelFormat format)
        {
            var isBgra = format == MLPixelFormat.Bgra32;
            foreach (var letter in Order.ToString())
            {
                var (color, offset) = letter switch
                {
                    'A' => (ImagePixelExtractingEstimator.ColorBits.Alpha, 3),
                    'R' => (ImagePixelExtractingEstimator.ColorBits.Red, isBgra ? 2 : 0),
                    'G' => (ImagePixelExtractingEstimator.ColorBits.Green, 1),
                    _ => (ImagePixelExtractingEstimator.ColorBits.Blue, isBgra ? 0 : 2),
                };
                if (Colors.HasFlag(color))
                    yield return offset;
            }
        }
    }
}
