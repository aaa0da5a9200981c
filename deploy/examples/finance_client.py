"""A finance system in sixty lines: takes payment orders from a cursor, keeps each once, answers, acknowledges.
Usage: finance_client.py HOST:PORT DISTRICT CURSOR FOLDER (pip install grpcio grpcio-reflection). Ends when nothing waits.
Orders come at least once: FOLDER holds one file an order, and what is there is neither paid nor kept again.
"""

import json
import pathlib
import sys
import uuid

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

address, district, cursor, folder = sys.argv[1:]
parent = f"districts/{district}"


class Named(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor, grpc.StreamStreamClientInterceptor):
    def intercept_unary_unary(self, go_on, details, request):  # Every call says who calls, reflection too.
        principal = ("incubation-principal", "finance-system")  # With TLS: ("authorization", "Bearer …") in its place.
        return go_on(details._replace(metadata=(principal,)), request)

    intercept_unary_stream = intercept_stream_stream = intercept_unary_unary


channel = grpc.intercept_channel(grpc.insecure_channel(address), Named())
pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
service = pool.FindServiceByName("incubation.v1.FinanceService")


def method(name):
    found = service.FindMethodByName(name)
    ask, answer = (message_factory.GetMessageClass(of) for of in (found.input_type, found.output_type))
    return f"/{service.full_name}/{name}", ask, answer


def call(name, request):
    path, ask, answer = method(name)
    unary = channel.unary_unary(path, ask.SerializeToString, answer.FromString)
    return unary(json_format.ParseDict(request, ask()), timeout=20)


def waiting():
    path, ask, answer = method("WatchPaymentOrders")
    stream = channel.unary_stream(path, ask.SerializeToString, answer.FromString)
    steps = stream(ask(cursor=f"{parent}/cursors/{cursor}"))
    for step in steps:
        yield step
        if step.caught_up:
            steps.cancel()
            return


answers, position = [], 0
for step in waiting():
    position = step.position
    if step.WhichOneof("step") == "order":
        order = json_format.MessageToDict(step.order, preserving_proto_field_name=True)
        file = pathlib.Path(folder, order["order_no"] + ".json")
        if not file.exists():  # Here it is handed to the bank; then the file is written.
            file.write_text(json.dumps(order, ensure_ascii=False))
        answers.append({"order_no": order["order_no"], "kind": "PAYMENT_ANSWER_KIND_ACCEPTED"})
for begin in range(0, len(answers), 1000):  # The same answer again changes nothing.
    results = call("RecordPaymentAnswers", {"parent": parent, "answers": answers[begin : begin + 1000]}).results
    print(*(f"{result.outcome} {result.message}" for result in results), sep="\n")
if answers:  # One acknowledgement moves the cursor over all of them: what comes next begins behind it.
    moved = {"cursor": f"{parent}/cursors/{cursor}", "acknowledged_position": position, "request_id": str(uuid.uuid4())}
    print("acknowledged", call("AcknowledgeOrders", moved).acknowledged_position)
