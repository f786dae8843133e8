import Foundation
import Testing

@testable import Stylize

@Suite("COCO files")
struct COCODocumentTests {
    private func written(
        _ text: String, _ versions: [String: [COCODocument.Version]]
    ) throws -> (text: String, counts: COCODocument.Counts)? {
        try Data(text.utf8).withUnsafeBytes { bytes in
            guard let document = COCODocument(bytes) else { return nil }
            let pieces = Pieces()
            let counts = try document.write(versions: { versions[$0] }, to: { pieces.data += $0 })
            return (String(decoding: pieces.data, as: UTF8.self), counts)
        }
    }

    private final class Pieces {
        var data = Data()
    }

    private let versions: [String: [COCODocument.Version]] = [
        "a.jpg": [.original, .drawing(seed: 4, file: "x/a-s4.jpg"), .drawing(seed: 5, file: "x/a-s5.jpg")]
    ]

    @Test("every version is an image with annotations of its own, and all else stays to the letter")
    func versionsOfImages() throws {
        let text = """
            {"info": {"n": 1.50, "s": "}]\\"{"}, "images":[ {"file_name" : "a.jpg","id":7, "license":{"id":99}},
            {"id":9,"file_name":"gone.jpg"}], "annotations": [{"id":3,"image_id":7,"bbox":[0.10,1e3,2,3],
             "segmentation":{"counts":"a]b\\\\","size":[1,2]}},{"id":4,"image_id":9}],"categories":[]}
            """
        let result = try #require(try written(text, versions))
        let rest = #""bbox":[0.10,1e3,2,3],"# + "\n" + #" "segmentation":{"counts":"a]b\\","size":[1,2]}}"#
        let expected = """
            {
            "info": {"n": 1.50, "s": "}]\\"{"},
            "images": [
            {"file_name" : "a.jpg","id":7, "license":{"id":99}},
            {"file_name" : "a-s4.jpg","id":10, "license":{"id":99}},
            {"file_name" : "a-s5.jpg","id":11, "license":{"id":99}}
            ],
            "annotations": [
            {"id":3,"image_id":7,\(rest),
            {"id":5,"image_id":10,\(rest),
            {"id":6,"image_id":11,\(rest)
            ],
            "categories": []
            }

            """
        #expect(result.text == expected)
        #expect(result.counts == .init(images: 3, annotations: 3, missing: 1))
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(result.text.utf8)) }
    }

    @Test("annotations may come before images, ids may be text, names may have folders and odd letters")
    func otherOrders() throws {
        let text =
            #"{"annotations":[{"image_id":"p","id":"q","file_name":"m.png"}],"images":[{"id":"p","file_name":"v/\u00fc \"1\".jpg"}]}"#
        let result = try #require(
            try written(text, ["v/ü \"1\".jpg": [.drawing(seed: 2, file: "ü \"1\"-s2.jpg")]]))
        let document = try #require(
            JSONSerialization.jsonObject(with: Data(result.text.utf8)) as? [String: [[String: String]]])
        #expect(document["images"] == [["id": "p-s2", "file_name": "v/ü \"1\"-s2.jpg"]])
        #expect(document["annotations"] == [["id": "q-s2", "image_id": "p-s2", "file_name": "m-s2.png"]])
    }

    @Test(
        "what is no COCO file is left alone",
        arguments: [
            "", "[]", "3", "{}", #"{"images":[]}"#, #"{"images":[],"annotations":{}}"#, #"{"images":["#,
            #"{"images":[],"annotations":[]"#, #"{"images" [],"annotations":[]}"#, "\u{0}", #"{"images":"[","#,
        ])
    func others(text: String) throws {
        #expect(try written(text, versions) == nil)
    }

    @Test(
        "damage inside the lists is an error, not a crash", arguments: ["{", "[1", #"{"id":"#, "{]", "\"", #""\"#, ","])
    func damaged(piece: String) throws {
        _ = try? written(#"{"images":[\#(piece)],"annotations":[]}"#, versions)
        _ = try? written(#"{"images":[{"id":1,"file_name":"a.jpg"}],"annotations":[\#(piece)]}"#, versions)
    }
}
